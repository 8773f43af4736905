package web

import (
	"context"
	"net/http"
	"os"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/experiments"
	"floorwalker/retrieval"
	"floorwalker/shop"
	"floorwalker/webhook"

	"github.com/danielgtaylor/huma/v2"
)

// Operator is what the shop's operators work with at /admin.
type Operator struct {
	// Playground answers a turn and tells each step, and leaves no trace of it.
	Playground interface {
		Inspect(ctx context.Context, turn shop.Turn) (shop.Inspection, error)
		InspectUnder(ctx context.Context, turn shop.Turn, rules []shop.SearchRule) (shop.Inspection, error)
	}
	// Knowledge keeps the articles.
	Knowledge interface {
		All(ctx context.Context) ([]shop.Article, error)
		Load(ctx context.Context, articles []shop.Article) error
		Delete(ctx context.Context, slug string) error
		Find(ctx context.Context, question string, lang shop.Lang, limit int) ([]shop.Passage, error)
	}
	// KnowledgeFloor is the score under which a passage answers no question.
	KnowledgeFloor float64
	// Report and Funnel say what became of conversations.
	Report interface {
		Report(ctx context.Context, q dialog.ReportQuery) (dialog.Report, error)
	}
	Funnel interface {
		Funnel(ctx context.Context, sessions []string) (behaviour.Funnel, error)
	}
	// Experiments compares ways to recommend; nil where nothing does.
	Experiments interface {
		List(ctx context.Context) ([]experiments.Experiment, error)
		Results(ctx context.Context, id string) (experiments.Results, error)
	}
	// Rules are what the shop says about its search.
	Rules interface {
		Rules(ctx context.Context) ([]shop.SearchRule, error)
		SetRules(ctx context.Context, rules []shop.SearchRule) error
	}
	// Imports brings catalogues in; *retrieval.Jobs.
	Imports interface {
		Start(file *os.File, name, by string, f retrieval.Format, o retrieval.ImportOptions) error
		Latest() *retrieval.Job
	}
	// Deliveries are messages that the shop's own server is told of; nil where it is told of none. *webhook.Outbox.
	Deliveries interface {
		List(ctx context.Context, state string, limit int) ([]webhook.Delivery, error)
		Counts(ctx context.Context) (map[string]int, error)
		Replay(ctx context.Context, ids []string) (int, error)
	}
}

const adminAPI = consoleAPI + "/admin"

// adminRoutes serve the shop's operators: accounts of the desk that are admins, as consoleDoor sees to.
func (s *Server) adminRoutes(api huma.API) {
	if s.parts.Operator == nil {
		return
	}
	s.playgroundRoutes(api)
	s.articleRoutes(api)
	s.importRoutes(api)
	s.reportRoutes(api)
	s.experimentRoutes(api)
	s.ruleRoutes(api)
	s.forecastDeskRoutes(api)
	s.priceDeskRoutes(api)
	s.setLookRoute(api)
	s.deliveryRoutes(api)
}

type playgroundInput struct {
	Body struct {
		Text   string     `json:"text" minLength:"1" maxLength:"4000"`
		Locale shop.Lang  `json:"locale,omitempty" enum:"en,zh"`
		State  shop.State `json:"state,omitempty" doc:"What the last turn of the same conversation ended with; a new conversation where absent"`
	}
}

// playgroundTurn is what the admin tries, as a customer of nobody's.
func playgroundTurn(ctx context.Context, text string) shop.Turn {
	return shop.Turn{SessionID: "playground", Customer: "playground:" + loginOf(ctx).Agent.ID, MessageID: "playground", Text: text}
}

// playgroundRoutes show every step of a turn.
func (s *Server) playgroundRoutes(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/playground", "inspectTurn", "Answer an utterance and tell each step; nothing is stored", http.StatusOK),
		func(ctx context.Context, in *playgroundInput) (*struct{ Body shop.Inspection }, error) {
			turn := playgroundTurn(ctx, in.Body.Text)
			turn.State, turn.Locale = in.Body.State, in.Body.Locale
			told, err := s.parts.Operator.Playground.Inspect(ctx, turn)
			return answer(ctx, s, "turn not inspected", told, err)
		})
}

type articlePut struct {
	Slug string `path:"slug" maxLength:"80" pattern:"^[a-z0-9][a-z0-9-]*$"`
	Body struct {
		Topic  string            `json:"topic,omitempty" maxLength:"80"`
		Titles map[string]string `json:"titles" doc:"By language: en, zh"`
		Bodies map[string]string `json:"bodies" doc:"By language, as plain text; paragraphs are parted by an empty line"`
	}
}

type articlesBody struct {
	Articles []shop.Article `json:"articles"`
}

type slugInput struct {
	Slug string `path:"slug" maxLength:"80" pattern:"^[a-z0-9][a-z0-9-]*$"`
}

type askInput struct {
	Body struct {
		Questions []string  `json:"questions" minItems:"1" maxItems:"50"`
		Lang      shop.Lang `json:"lang" enum:"en,zh"`
	}
}

// askedBody says for each question which articles are nearest, best first, and whether the first would be given.
type askedBody struct {
	Floor   float64         `json:"floor"`
	Answers []askedQuestion `json:"answers"`
}

type askedQuestion struct {
	Question string                  `json:"question"`
	Answered bool                    `json:"answered"`
	Found    []shop.InspectedPassage `json:"found"`
}

// articleRoutes keep the shop's knowledge.
func (s *Server) articleRoutes(api huma.API) {
	k := s.parts.Operator.Knowledge
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/articles", "articles", "All articles", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*struct{ Body articlesBody }, error) {
			all, err := k.All(ctx)
			return answer(ctx, s, "articles not read", articlesBody{all}, err)
		})
	huma.Register(api, s.operation(api, http.MethodPut, adminAPI+"/articles/{slug}", "putArticle", "Make or change an article", http.StatusNoContent),
		func(ctx context.Context, in *articlePut) (*struct{}, error) {
			a := shop.Article{Slug: in.Slug, Topic: in.Body.Topic, Titles: in.Body.Titles, Bodies: in.Body.Bodies}
			return nil, s.failed(ctx, "article not kept", k.Load(ctx, []shop.Article{a}))
		})
	huma.Register(api, s.operation(api, http.MethodDelete, adminAPI+"/articles/{slug}", "deleteArticle", "Take an article away", http.StatusNoContent),
		func(ctx context.Context, in *slugInput) (*struct{}, error) {
			return nil, s.failed(ctx, "article not deleted", k.Delete(ctx, in.Slug))
		})
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/articles/ask", "askArticles", "Which article would answer each question?", http.StatusOK), s.askArticles)
}

func (s *Server) askArticles(ctx context.Context, in *askInput) (*struct{ Body askedBody }, error) {
	const nearest = 3
	body := askedBody{Floor: s.parts.Operator.KnowledgeFloor, Answers: []askedQuestion{}}
	for _, q := range in.Body.Questions {
		found, err := s.parts.Operator.Knowledge.Find(ctx, q, in.Body.Lang, nearest)
		if err != nil {
			return nil, s.fail(ctx, "question not looked up", err)
		}
		a := askedQuestion{Question: q, Answered: len(found) > 0 && found[0].Score >= body.Floor, Found: []shop.InspectedPassage{}}
		for _, p := range found {
			a.Found = append(a.Found, shop.InspectedPassage{Slug: p.Slug, Title: p.Title, Text: p.Text, Score: p.Score})
		}
		body.Answers = append(body.Answers, a)
	}
	return &struct{ Body askedBody }{body}, nil
}
