package protocol

import "slices"

// Type is the name of what an envelope holds: a noun and, where something happened, a past tense.
type Type string

// What clients send.
const (
	TypeSessionResume Type = "session.resume"
	TypeMessageSend   Type = "message.send"
	TypeTurnStop      Type = "turn.stop"
	TypeTypingStart   Type = "typing.start"
	TypeTypingStop    Type = "typing.stop"
	TypeCartSet       Type = "cart.set"
	TypeCardDecline   Type = "card.decline"
	TypeEventsSend    Type = "events.send"
	TypeContextSet    Type = "context.set"
	TypePing          Type = "ping"

	TypeHandoffRequest   Type = "handoff.request"
	TypeContactSend      Type = "contact.send"
	TypeSatisfactionSend Type = "satisfaction.send"
	TypeMessageRead      Type = "message.read"
	// TypeSessionLeave comes from agents' consoles alone.
	TypeSessionLeave Type = "session.leave"
)

// What the server sends.
const (
	TypeSessionOpened        Type = "session.opened"
	TypeSessionResumed       Type = "session.resumed"
	TypeSessionReset         Type = "session.reset"
	TypeMessageAccepted      Type = "message.accepted"
	TypeMessageCreated       Type = "message.created"
	TypeMessageReplaced      Type = "message.replaced"
	TypeMessageDelta         Type = "message.delta"
	TypeMessageCompleted     Type = "message.completed"
	TypeTurnQueued           Type = "turn.queued"
	TypeRecommendationsShown Type = "recommendations.shown"
	TypeCardDeclined         Type = "card.declined"
	TypeCardUpdated          Type = "card.updated"
	TypeCartUpdated          Type = "cart.updated"
	TypeTypingStarted        Type = "typing.started"
	TypeTypingStopped        Type = "typing.stopped"
	TypeHandoffRequested     Type = "handoff.requested"
	TypeHandoffQueued        Type = "handoff.queued"
	TypeHandoffClaimed       Type = "handoff.claimed"
	TypeHandoffTransferred   Type = "handoff.transferred"
	TypeHandoffReleased      Type = "handoff.released"
	TypeHandoffResolved      Type = "handoff.resolved"
	TypeHandoffWaiting       Type = "handoff.waiting"
	TypeContactOffered       Type = "contact.offered"
	TypeContactReceived      Type = "contact.received"
	TypeSatisfactionAsked    Type = "satisfaction.asked"
	TypeSatisfactionGiven    Type = "satisfaction.given"
	TypeMessageSeen          Type = "message.seen"
	TypeAssistantStatus      Type = "assistant.status"
	TypeEventsAccepted       Type = "events.accepted"
	TypePong                 Type = "pong"
	TypeError                Type = "error"

	// What agents' consoles alone are sent.
	TypeDeskOpened    Type = "desk.opened"
	TypeCaseChanged   Type = "case.changed"
	TypePeopleChanged Type = "people.changed"
	TypeNoteAdded     Type = "note.added"
)

// Direction says who sends a type.
type Direction string

// The directions. Consoles are agents' clients: what goes to and from them alone has a direction of its own.
const (
	FromClient  Direction = "client"
	FromServer  Direction = "server"
	FromConsole Direction = "console"
	ToConsole   Direction = "server, to consoles"
)

// Spec is what the registry knows of one type.
type Spec struct {
	Type      Type
	Direction Direction
	// Logged is true where the event has a seq and is replayed to whoever missed it.
	Logged bool
	// NeedsClientMsgID is true where the frame is refused without a client_msg_id.
	NeedsClientMsgID bool
	// New makes an empty struct for the type's data.
	New func() any
	// Says is one sentence on what the type is for.
	Says string
}

// Registry lists every type of the protocol, clients' first, in the order a conversation meets them.
func Registry() []Spec { return slices.Clone(registry) }

// Lookup finds a type in the registry.
func Lookup(t Type) (Spec, bool) {
	i := slices.IndexFunc(registry, func(s Spec) bool { return s.Type == t })
	if i < 0 {
		return Spec{}, false
	}
	return registry[i], true
}

func fresh[T any]() any { return new(T) }

var registry = []Spec{
	{TypeSessionResume, FromClient, false, false, fresh[SessionResume],
		"The first frame on a socket: where the client stands in the log. Empty for one that knows nothing yet."},
	{TypeMessageSend, FromClient, false, true, fresh[MessageSend], "What the customer wrote."},
	{TypeTurnStop, FromClient, false, false, fresh[TurnStop], "Stop the answer being written. Questions that wait behind it are answered as usual."},
	{TypeTypingStart, FromClient, false, false, fresh[TypingStart], "The customer writes. Clears itself after 30 s; repeat at most every 10 s."},
	{TypeTypingStop, FromClient, false, false, fresh[TypingStop], "The customer stopped writing."},
	{TypeCartSet, FromClient, false, false, fresh[CartSet], "Set how many pieces of a product the cart holds. Absolute, so it may be repeated; cart.updated answers."},
	{TypeCardDecline, FromClient, false, false, fresh[CardDecline], "The customer does not want to see this product again. May be repeated; card.declined answers the first."},
	{TypeEventsSend, FromClient, false, true, fresh[EventsSend], "What the customer did on the page, as POST /api/events takes it; events.accepted answers once they are stored. May be repeated."},
	{TypeContextSet, FromClient, false, false, fresh[ContextSet], "What the customer looks at on the shop's own page: \"this\" means it until another product is spoken of."},
	{TypePing, FromClient, false, false, fresh[Ping], "Is the server there? For clients that can't send WebSocket pings."},

	{TypeHandoffRequest, FromClient, false, false, fresh[HandoffRequest], "A person, please: the page's button. Once one was asked for it changes nothing."},
	{TypeContactSend, FromClient, false, true, fresh[ContactSend], "The answered contact form; contact.received answers. A retry stores nothing twice."},
	{TypeSatisfactionSend, FromClient, false, false, fresh[SatisfactionSend], "The answer to satisfaction.asked."},
	{TypeMessageRead, FromClient, false, false, fresh[MessageRead], "How far the customer (or the agent) has read."},
	{TypeSessionLeave, FromConsole, false, false, fresh[SessionLeave], "The console watches this conversation no longer."},

	{TypeSessionOpened, FromServer, false, false, fresh[SessionState], "Answers a first session.resume without a position: the present state; the whole log follows."},
	{TypeSessionResumed, FromServer, false, false, fresh[SessionState], "Answers session.resume: the present state; exactly what was missed follows."},
	{TypeSessionReset, FromServer, false, false, fresh[SessionState], "Answers session.resume where the position can't be continued: forget what is on the screen; the log follows from its oldest event."},
	{TypeMessageAccepted, FromServer, false, true, fresh[Acknowledgement], "The message is committed. A retry gets the same acknowledgement."},
	{TypeMessageCreated, FromServer, true, false, fresh[MessageCreated], "A message stands in the conversation: a customer's with its text, an assistant's as the answer begins."},
	{TypeMessageReplaced, FromServer, true, false, fresh[MessageReplaced], "The customer has written the last message anew, or asked for another answer: it, its answer and its cards leave the screen. The new message follows."},
	{TypeTurnQueued, FromServer, false, false, fresh[TurnQueued], "The answer waits for its turn; how many are before it."},
	{TypeRecommendationsShown, FromServer, true, false, fresh[RecommendationsShown], "Product cards. They come before the answer's first word."},
	{TypeMessageDelta, FromServer, false, false, fresh[MessageDelta], "The next piece of an answer being written."},
	{TypeMessageCompleted, FromServer, true, false, fresh[MessageCompleted], "The message's one final state, with its whole text."},
	{TypeCardDeclined, FromServer, true, false, fresh[CardDeclined], "A product was turned down; other devices put its card away too."},
	{TypeCardUpdated, FromServer, true, false, fresh[CardUpdated], "A product that was shown changed its price or stock, or is gone."},
	{TypeCartUpdated, FromServer, true, false, fresh[CartUpdated], "What the cart holds now, as a whole."},
	{TypeTypingStarted, FromServer, false, false, fresh[Typing], "Somebody writes. Clears itself after 30 s."},
	{TypeTypingStopped, FromServer, false, false, fresh[Typing], "Somebody stopped writing."},
	{TypeHandoffRequested, FromServer, true, false, fresh[HandoffRequested], "A person was asked for."},
	{TypeHandoffQueued, FromServer, true, false, fresh[HandoffQueued], "The conversation waits for a person; position and estimate where they are known."},
	{TypeHandoffClaimed, FromServer, true, false, fresh[HandoffChanged], "A person took over; the assistant is silent from here."},
	{TypeHandoffTransferred, FromServer, true, false, fresh[HandoffChanged], "The conversation went to another person or queue."},
	{TypeHandoffReleased, FromServer, true, false, fresh[HandoffChanged], "The conversation went back to the assistant."},
	{TypeHandoffResolved, FromServer, true, false, fresh[HandoffChanged], "The person closed the matter. The next message goes to the assistant."},
	{TypeHandoffWaiting, FromServer, false, false, fresh[HandoffWaiting], "Where the customer stands in line now; again whenever that changes."},
	{TypeContactOffered, FromServer, true, false, fresh[ContactOffered], "No person will come soon: a contact form may be filled in. The conversation keeps its place in line."},
	{TypeContactReceived, FromServer, true, false, fresh[ContactReceived], "The contact form is stored as a ticket."},
	{TypeSatisfactionAsked, FromServer, true, false, fresh[SatisfactionAsked], "How was it? After a person closed the matter."},
	{TypeSatisfactionGiven, FromServer, true, false, fresh[SatisfactionGiven], "The question was answered; other devices put it away."},
	{TypeMessageSeen, FromServer, false, false, fresh[MessageSeen], "How far the other side has read."},
	{TypeAssistantStatus, FromServer, false, false, fresh[AssistantStatus], "Whether the language model is up. Answers come either way."},
	{TypeEventsAccepted, FromServer, false, true, fresh[EventsAccepted], "Answers events.send: what was stored, what was known already and what was refused."},
	{TypePong, FromServer, false, false, fresh[Pong], "Answers ping."},
	{TypeError, FromServer, false, false, fresh[Error], "Something the client sent could not be done. The connection lives on unless a close frame follows."},

	{TypeDeskOpened, ToConsole, false, false, fresh[DeskOpened], "The first frame on a console's socket: queues, cases and people that the agent may see."},
	{TypeCaseChanged, ToConsole, false, false, fresh[CaseChanged], "A case came, changed or closed."},
	{TypePeopleChanged, ToConsole, false, false, fresh[PeopleChanged], "Who is at the desk, and how much each has."},
	{TypeNoteAdded, ToConsole, false, false, fresh[NoteAdded], "A whisper among agents about a conversation that this console watches."},
}
