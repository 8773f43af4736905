// Generated from the Go types by `go test ./protocol -run Generated -update`: change those.

export const version = 1;

// Acknowledgement says that a customer's message is committed.
export interface Acknowledgement {
  // ClientMsgID is the client's own name of the message.
  client_msg_id: string;
  // MessageID is the message's name for good.
  message_id: string;
  // Seq is the message.created event of the message.
  seq: number;
  // ReplyID is the message that will answer; absent where a person answers.
  reply_id?: string;
}

// AssistantStatus says what the assistant can do now.
export interface AssistantStatus {
  // LLM is true while the language model answers; without it answers come from templates.
  llm: boolean;
  // Model is the model's name, where one is up.
  model?: string;
}

// Card is one product as it was shown.
export interface Card {
  position: number;
  sku: string;
  version: number;
  title: string;
  brand?: string;
  category?: string;
  description?: string;
  price: Money;
  price_text: string;
  // Was and WasText are what it cost before, where it costs less now.
  was?: Money;
  was_text?: string;
  stock: number;
  rating?: number;
  image_url?: string;
  attributes?: Record<string, string>;
  why: string[];
  reasons?: Reason[];
  // Sponsored is true where the place was paid for; pages say so on the card.
  sponsored?: boolean;
}

// CardDecline turns a shown product down.
export interface CardDecline {
  sku: string;
  // RankingID is the list that the card stood in.
  ranking_id?: string;
  // Position is the card's place in that list, from 1.
  position?: number;
}

// CardDeclined says that a product was turned down.
export interface CardDeclined {
  sku: string;
  ranking_id?: string;
  position?: number;
}

// CardUpdated says what a shown product is now.
export interface CardUpdated {
  sku: string;
  // Version is the product's new version.
  version: number;
  // Gone is true when the product can't be bought any more; the card must not be shown as buyable.
  gone?: boolean;
  price?: Money;
  price_text?: string;
  stock?: number;
  // Was is what it cost before, where it costs less now.
  was?: Money;
  // Restocked is true where it was sold out and can be bought again.
  restocked?: boolean;
}

// Cart is what a customer has chosen to buy.
export interface Cart {
  lines: CartLine[];
  total: Money;
}

// CartLine is one line of a customer's cart.
export interface CartLine {
  id: string;
  sku: string;
  title: string;
  quantity: number;
  price: Money;
}

// CartSet sets an absolute quantity, so that a retry changes nothing.
export interface CartSet {
  sku: string;
  // Quantity is how many pieces the cart shall hold; 0 takes the product out.
  quantity: number;
  // RankingID is the list that the card stood in, where it was put in from one.
  ranking_id?: string;
  // Position is the card's place in that list, from 1.
  position?: number;
}

// CartUpdated is the whole cart.
export interface CartUpdated {
  cart: Cart;
}

// Case is one handoff as the console shows it.
export interface Case {
  handoff_id: string;
  session: string;
  queue: string;
  lang?: string;
  // Reason is customer_asked, complaint, misunderstood, picture, policy or agent.
  reason: string;
  note?: string;
  // Customer is the verified customer; absent for an anonymous visitor.
  customer?: string;
  // Status is queued or claimed; released, resolved or ticket once it is closed.
  status: string;
  // Urgent is true where the agent before was lost: it stands at the head of its queue.
  urgent?: boolean;
  // Position is the place in its queue, from 1, while it is queued.
  position?: number;
  // AgentID is who has it, while it is claimed.
  agent_id?: string;
  // OwnerEpoch is what claim, release, transfer and resolve must name.
  owner_epoch: number;
  asked_at: string;
  waiting_since: string;
  // Last is the beginning of the customer's latest message.
  last?: string;
}

// CaseChanged is a case as it is now.
export interface CaseChanged {
  case: Case;
}

// Colleague is a person at the desk.
export interface Colleague {
  id: string;
  name: string;
  // Role is agent, supervisor or admin.
  role: string;
  queues: string[];
  // Capacity is how many conversations the person takes at once, Load how many it has.
  capacity: number;
  load: number;
  // Present is true while a console of the person is open; Away while it wants nothing new.
  present: boolean;
  away?: boolean;
}

// ContactOffered says that no person will come soon, and that a form may be filled in instead.
export interface ContactOffered {
  handoff_id: string;
  // Reason is closed (outside business hours) or nobody (nobody came in time).
  reason: string;
  // OpensAt is when the desk opens next, where it is closed.
  opens_at?: string;
}

// ContactReceived says that the form is stored as a ticket.
export interface ContactReceived {
  handoff_id: string;
  // TicketID is what the customer can name later.
  ticket_id: number;
  // ClientMsgID is the client's own name of the form.
  client_msg_id?: string;
}

// ContactSend is the answered contact form.
export interface ContactSend {
  handoff_id: string;
  // Name is how the customer wants to be called; may be empty.
  name?: string;
  // Email is where the shop answers.
  email: string;
  // Text is what the customer wants to know.
  text: string;
}

// ContextSet says what the customer looks at on the shop's own page.
export interface ContextSet {
  // Product is the SKU of the product that the page is about.
  product?: string;
  // Page is what the page is called, for the person at the desk.
  page?: string;
}

// DeskOpened is the first frame on a console's socket: everything that the agent may see.
export interface DeskOpened {
  me: Colleague;
  queues: Queue[];
  cases: Case[];
  people: Colleague[];
}

// Envelope is what every frame holds, in both directions.
export interface Envelope {
  // V is the protocol version, 1.
  v: number;
  // Type says what Data is: "message.send".
  type: string;
  // ID names this frame. A logged event keeps its id however often it is replayed.
  id?: string;
  // Session is the conversation the frame belongs to. Clients may leave it out: the socket knows it.
  session?: string;
  // Seq is the event's place in the session's log, from 1, without gaps; absent where the frame is not logged.
  seq?: number;
  // Epoch names the log that Seq counts in. It changes only when history can't be continued.
  epoch?: string;
  // TS is when the server (or the client) made the frame, in UTC with milliseconds.
  ts?: string;
  // ClientMsgID is the client's own name for a message it sends; the acknowledgement and the error carry it back.
  client_msg_id?: string;
  // Data is the type's own object.
  data?: unknown;
}

// Error is a stable code and a sentence that says what to do.
export interface ErrorBody {
  code: string;
  message: string;
  // ClientMsgID and Type name the frame that could not be done.
  client_msg_id?: string;
  type?: string;
}

// EventRefused says why an event was not taken.
export interface EventRefused {
  // Index is the event's place in the frame, from 0.
  index: number;
  event_id: string;
  // Code is bad_request, too_late or in_the_future; Message tells what to do.
  code: string;
  message: string;
}

// EventsAccepted says what became of events.send.
export interface EventsAccepted {
  // Accepted is how many are stored for good, Duplicates how many were known already.
  accepted: number;
  duplicates: number;
  refused?: EventRefused[];
}

// EventsSend tells what the customer did, in the words of OpenSearch's User Behavior Insights.
export interface EventsSend {
  // Events are at most 100.
  events: PageEvent[];
}

// Filter holds the hard limits of a search.
export interface Filter {
  // Brands: one of these, compared without case.
  brands?: string[];
  // Color, Material, Size and Audience are canonical English words ("green", "leather", "44", "women").
  color?: string;
  material?: string;
  // OtherColors and OtherMaterials will do as well as Color and Material.
  other_colors?: string[];
  other_materials?: string[];
  size?: string;
  audience?: string;
  category?: string;
  // PriceMin and PriceMax are inclusive, in the catalogue's currency.
  price_min?: Money;
  price_max?: Money;
  in_stock?: boolean;
  // Exclude are words that must stand neither in brand, title, colours nor materials ("leather", "HP").
  exclude?: string[];
  // ExcludeSKUs are products that the customer rejected or that must not be shown again.
  exclude_skus?: string[];
}

// HandoffChanged says who has the conversation now.
export interface HandoffChanged {
  handoff_id?: string;
  owner: "assistant" | "queued" | "agent" | "resolved";
  owner_epoch: number;
  // Agent is the person's name as customers see it.
  agent?: string;
  // Reason says why, where nobody decided it: agent_lost (the person's console was gone for too long; the conversation waits at the head of its queue), ticket (the customer left a ticket).
  reason?: string;
}

// HandoffQueued says where in the line the customer stands.
export interface HandoffQueued {
  handoff_id: string;
  owner_epoch: number;
  // Position is 1 for the next one; absent when not known.
  position?: number;
  // EstimateSeconds is an honest estimate of the wait; absent when not known.
  estimate_seconds?: number;
}

// HandoffRequest asks for a person without saying so in words: the page's own button.
export interface HandoffRequest {
}

// HandoffRequested says that a person was asked for, and why.
export interface HandoffRequested {
  handoff_id: string;
  message_id?: string;
  owner_epoch: number;
  // Reason is customer_asked, complaint, misunderstood, picture, policy or agent.
  reason: string;
}

// HandoffWaiting says where in the line the customer stands now.
export interface HandoffWaiting {
  handoff_id: string;
  // Position is 1 for the next one.
  position: number;
  // EstimateSeconds is how long the latest customers in this place waited; absent while too few did to tell.
  estimate_seconds?: number;
  // Agents is how many people are at this queue's desk now.
  agents: number;
}

// MessageCompleted is the final state of an answer.
export interface MessageCompleted {
  message_id: string;
  reply_to?: string;
  // State is complete, interrupted or failed.
  state: "pending" | "streaming" | "complete" | "interrupted" | "failed";
  // Reason says why a message was interrupted: stopped, left, taken_over, restarted, drained; or what failed.
  reason?: string;
  // Text is all that was said; it replaces the deltas.
  text: string;
  // Error is for a failed message: a stable code and a sentence that says what to do.
  error?: ErrorBody;
  // Intent and Slots are what the assistant understood.
  intent?: "add_to_cart" | "checkout" | "compare" | "complaint" | "faq" | "goodbye" | "greeting" | "handoff" | "order_status" | "out_of_scope" | "product_question" | "recommend" | "refine" | "remove_from_cart" | "return_refund" | "search" | "thanks" | "view_cart";
  slots?: Slots;
  // Lang is the language of the answer.
  lang?: string;
  // Cites are the slugs of the knowledge articles that the answer rests on.
  cites?: string[];
  // CheckoutURL leads the cart to the shop's own checkout.
  checkout_url?: string;
  // Handoff is true where a person was asked for by this turn.
  handoff?: boolean;
  // Trace says which parts answered and where the time went.
  trace?: Trace;
}

// MessageCreated is a message that stands in the conversation.
export interface MessageCreated {
  message_id: string;
  role: "customer" | "assistant" | "agent";
  // State is complete for what a person wrote, streaming for an answer that begins.
  state: "pending" | "streaming" | "complete" | "interrupted" | "failed";
  // Text is the whole text; empty for an answer that begins.
  text: string;
  // ReplyTo is the customer's message that is answered.
  reply_to?: string;
  // ClientMsgID is the client's own name of a customer's message: its sender finds its echo by it.
  client_msg_id?: string;
  // Author is the name of the person, where Role is agent.
  author?: string;
  // Picture goes with a customer's message.
  picture?: Picture;
  // LessLike is the SKU of the card of which the customer's message wants less.
  less_like?: string;
}

// MessageDelta is the next piece of an answer.
export interface MessageDelta {
  message_id: string;
  // Offset is where Text begins in the message, in Unicode code points. A piece that begins before what the client already has overlaps it; message.completed brings the whole text in the end.
  offset: number;
  text: string;
}

// MessageRead says how far its sender has read.
export interface MessageRead {
  // Seq is the newest logged event that was on the screen.
  seq: number;
}

// MessageReplaced says that a message was written anew.
export interface MessageReplaced {
  // MessageID is the customer's message that is replaced, ReplyID its answer; absent where nobody had answered.
  message_id: string;
  reply_id?: string;
}

// MessageSeen says how far the other side has read.
export interface MessageSeen {
  // Role is who read: customer or agent.
  role: "customer" | "assistant" | "agent";
  seq: number;
}

// MessageSend is what the customer wrote.
export interface MessageSend {
  // Text is plain text; leading and trailing space is dropped, and it must not be empty then where no picture goes along.
  text: string;
  // Picture is the id of one that was put to /api/pictures before.
  picture?: string;
  // Locale is the language of the client's interface, "en" or "zh"; the text's own language wins.
  locale?: string;
  // Replaces is the message_id of the customer's last message, which this one takes the place of: its answer is taken back, and with it what the assistant understood by it. What that answer did to the cart stays. While it is being answered this is refused as busy: stop the answer and send it again.
  replaces?: string;
  // LessLike is the SKU of a shown card of which the customer wants less: it is put aside as by card.decline, and the answer brings other cards, with what is most like it behind the others from now on.
  less_like?: string;
}

// Money is an amount in the minor unit of its currency: 7999 USD is 79.99 dollars, 500 JPY is 500 yen.
export interface Money {
  // Minor is the amount in minor units (cents, fen, yen).
  minor: number;
  // Currency is the ISO 4217 code, in capitals.
  currency: string;
}

// Note is what an agent wrote for other agents.
export interface Note {
  id: string;
  session: string;
  agent_id: string;
  author: string;
  text: string;
  ts: string;
}

// NoteAdded is a whisper: agents see it, customers never do.
export interface NoteAdded {
  note: Note;
}

// PageEvent is one thing that the customer did on the page.
export interface PageEvent {
  // EventID is the page's own name of the event, unique within the session: a retry is counted once.
  event_id: string;
  // ActionName is view, hover, click, comment, rating, share or dwell.
  action_name: string;
  // QueryID is the ranking_id of the list that the product stood in.
  query_id?: string;
  // Timestamp is when it was done.
  timestamp: string;
  // Message is a comment's text.
  message?: string;
  event_attributes?: PageEventAttributes;
}

// PageEventAttributes are an event's particulars.
export interface PageEventAttributes {
  object?: unknown;
  position?: unknown;
  // DwellTime is in seconds, of dwell.
  dwell_time?: number;
  // Rating is in stars from 1 to 5, of rating.
  rating?: number;
}

// PeopleChanged is who is at the desk now, as a whole.
export interface PeopleChanged {
  people: Colleague[];
}

// Picture is one that a customer sent.
export interface Picture {
  id: string;
  // Width and Height are in points.
  width: number;
  height: number;
}

// Ping asks whether the server is there.
export interface Ping {
}

// Pong answers ping.
export interface Pong {
}

// Queue is one line of waiting customers.
export interface Queue {
  id: string;
  name: string;
  department?: string;
  langs: string[];
  // Topics are the reasons and intents that go here; an empty list takes all.
  topics: string[];
  // Open is whether it is within business hours now.
  open: boolean;
  opens_at?: string;
}

// Reason is one contribution to a candidate's score, for "why this".
export interface Reason {
  // Code is stable: "semantic", "kind", "title_match", "brand", "category", "details", "color", "audience", "filter", "text", "rating", "in_stock", "margin", "freshness", "delivery", "personal", "take_up", "rule", "diversity", "retrieval".
  code: string;
  // Weight is the exact contribution to Score.
  weight: number;
  // Detail is the matched value, as data: "running shoes".
  detail?: string;
}

// RecommendationsShown is one list of cards.
export interface RecommendationsShown {
  // MessageID is the answer that the cards belong to.
  message_id: string;
  ranking_id: string;
  // Model is the ranker's model version.
  model: string;
  degraded?: boolean;
  cards: Card[];
  // Filters are the limits that hold for every card, as the customer reads them.
  filter: Filter;
  // Unmet names limits that nothing in the shop meets; then Cards is empty or meets the others, as the answer says.
  unmet?: string[];
}

// SatisfactionAsked asks the customer how it was.
export interface SatisfactionAsked {
  handoff_id: string;
  // Agent is the person's name as customers see it.
  agent?: string;
}

// SatisfactionGiven is the customer's answer.
export interface SatisfactionGiven {
  handoff_id: string;
  score: number;
}

// SatisfactionSend answers the satisfaction question; a later answer replaces an earlier one.
export interface SatisfactionSend {
  handoff_id: string;
  // Score is from 1 (bad) to 5 (good).
  score: number;
  // Comment may be empty.
  comment?: string;
}

// SessionLeave ends the watching of a conversation on a console's socket.
export interface SessionLeave {
}

// SessionResume says where the client stands.
export interface SessionResume {
  // Epoch is the epoch of the last logged event that the client applied.
  epoch?: string;
  // Seq is the seq of the last logged event that the client applied; 0 for none.
  seq?: number;
}

// SessionState is the present state of a conversation, given whenever a client attaches.
export interface SessionState {
  // Epoch names the log; keep it with the last seq for the next session.resume.
  epoch: string;
  // Seq is the log's newest event; what comes up to it is replay.
  seq: number;
  // Oldest is the oldest event that is still kept.
  oldest: number;
  // From is the first event that follows this frame (Seq + 1 when nothing was missed).
  from: number;
  // Owner is who answers now.
  owner: "assistant" | "queued" | "agent" | "resolved";
  // OwnerEpoch rises whenever somebody else takes the conversation over.
  owner_epoch: number;
  // Agent is the name of the person who answers, where Owner is agent.
  agent?: string;
  // QueuePosition is how many wait for a person before this customer, plus one; absent when not known.
  queue_position?: number;
  // QueueEstimateSeconds is how long the wait may take; absent when not known.
  queue_estimate_seconds?: number;
  // ReadByCustomer and ReadByAgent are how far each side has read.
  read_by_customer?: number;
  read_by_agent?: number;
  // Lang is the language of the conversation so far.
  lang?: string;
  // Cart is what the cart holds; absent while nothing was ever put into it.
  cart?: Cart;
  // Writing is the answer being written now; its text so far follows the replay as one message.delta.
  writing?: string;
  // Waiting is how many questions wait for their answer to begin.
  waiting?: number;
}

// Slots are the details of one utterance, as the customer said them.
export interface Slots {
  // Product is the head noun phrase as said: "wireless mouse", "跑步鞋".
  product?: string;
  brand?: string;
  color?: string;
  size?: string;
  material?: string;
  // Audience is men, women, kids, boys, girls, baby, unisex, or empty.
  audience?: string;
  // PriceMin and PriceMax are numbers of major units as spoken; they become Money when the need is built.
  price_min?: number;
  price_max?: number;
  // Currency is ISO 4217, empty when the customer named none.
  currency?: string;
  sort?: "" | "price_asc" | "price_desc" | "rating" | "newest";
  // Exclude is what the customer does not want: brands, colours, materials, kinds.
  exclude?: string[];
  // Reference are 1-based positions in the list of products shown last.
  reference?: number[];
  quantity?: number;
  order_id?: string;
  // Topic is shipping, returns, payment, warranty, privacy or hours.
  topic?: string;
}

// Stage is one step of a turn and how long it took.
export interface Stage {
  // Name is parse, search, embed (a part of search), rank, first_card, first_token or done.
  name: string;
  // Micros is the step's duration; for first_card, first_token and done the time since the turn began.
  us: number;
}

// Trace says how a turn was made: which parts answered and where each millisecond went.
export interface Trace {
  parser: string;
  fallback?: string;
  // Answerer is "llm" when the answer's words are the model's, "template" otherwise.
  answerer: string;
  // TemplateShare is the share of the answer's characters that came from templates, 0 to 1.
  template_share: number;
  // Removed counts pieces of the model's text that the checker took out.
  removed: number;
  ranker?: string;
  stages: Stage[];
}

// TurnQueued says how long the line before an answer is.
export interface TurnQueued {
  message_id: string;
  // Position is 1 for the next one to be answered.
  position: number;
}

// TurnStop stops the answer being written.
export interface TurnStop {
  // MessageID limits the stop to that answer; empty means the present one.
  message_id?: string;
}

// Typing says who writes.
export interface Typing {
  role: "customer" | "assistant" | "agent";
  // Name is the person's name where one is known.
  name?: string;
  // ExpiresMS is after how many milliseconds the sign clears itself.
  expires_ms?: number;
}

// TypingStart says that the customer writes.
export interface TypingStart {
}

// TypingStop says that the customer stopped writing.
export interface TypingStop {
}

// What a customer's client sends, by type.
export interface ClientFrames {
  // The first frame on a socket: where the client stands in the log. Empty for one that knows nothing yet.
  "session.resume": SessionResume;
  // What the customer wrote.
  "message.send": MessageSend;
  // Stop the answer being written. Questions that wait behind it are answered as usual.
  "turn.stop": TurnStop;
  // The customer writes. Clears itself after 30 s; repeat at most every 10 s.
  "typing.start": TypingStart;
  // The customer stopped writing.
  "typing.stop": TypingStop;
  // Set how many pieces of a product the cart holds. Absolute, so it may be repeated; cart.updated answers.
  "cart.set": CartSet;
  // The customer does not want to see this product again. May be repeated; card.declined answers the first.
  "card.decline": CardDecline;
  // What the customer did on the page, as POST /api/events takes it; events.accepted answers once they are stored. May be repeated.
  "events.send": EventsSend;
  // What the customer looks at on the shop's own page: "this" means it until another product is spoken of.
  "context.set": ContextSet;
  // Is the server there? For clients that can't send WebSocket pings.
  "ping": Ping;
  // A person, please: the page's button. Once one was asked for it changes nothing.
  "handoff.request": HandoffRequest;
  // The answered contact form; contact.received answers. A retry stores nothing twice.
  "contact.send": ContactSend;
  // The answer to satisfaction.asked.
  "satisfaction.send": SatisfactionSend;
  // How far the customer (or the agent) has read.
  "message.read": MessageRead;
}

// What the server sends a customer's client, by type.
export interface ServerEvents {
  // Answers a first session.resume without a position: the present state; the whole log follows.
  "session.opened": SessionState;
  // Answers session.resume: the present state; exactly what was missed follows.
  "session.resumed": SessionState;
  // Answers session.resume where the position can't be continued: forget what is on the screen; the log follows from its oldest event.
  "session.reset": SessionState;
  // The message is committed. A retry gets the same acknowledgement.
  "message.accepted": Acknowledgement;
  // A message stands in the conversation: a customer's with its text, an assistant's as the answer begins.
  "message.created": MessageCreated;
  // The customer has written the last message anew, or asked for another answer: it, its answer and its cards leave the screen. The new message follows.
  "message.replaced": MessageReplaced;
  // The answer waits for its turn; how many are before it.
  "turn.queued": TurnQueued;
  // Product cards. They come before the answer's first word.
  "recommendations.shown": RecommendationsShown;
  // The next piece of an answer being written.
  "message.delta": MessageDelta;
  // The message's one final state, with its whole text.
  "message.completed": MessageCompleted;
  // A product was turned down; other devices put its card away too.
  "card.declined": CardDeclined;
  // A product that was shown changed its price or stock, or is gone.
  "card.updated": CardUpdated;
  // What the cart holds now, as a whole.
  "cart.updated": CartUpdated;
  // Somebody writes. Clears itself after 30 s.
  "typing.started": Typing;
  // Somebody stopped writing.
  "typing.stopped": Typing;
  // A person was asked for.
  "handoff.requested": HandoffRequested;
  // The conversation waits for a person; position and estimate where they are known.
  "handoff.queued": HandoffQueued;
  // A person took over; the assistant is silent from here.
  "handoff.claimed": HandoffChanged;
  // The conversation went to another person or queue.
  "handoff.transferred": HandoffChanged;
  // The conversation went back to the assistant.
  "handoff.released": HandoffChanged;
  // The person closed the matter. The next message goes to the assistant.
  "handoff.resolved": HandoffChanged;
  // Where the customer stands in line now; again whenever that changes.
  "handoff.waiting": HandoffWaiting;
  // No person will come soon: a contact form may be filled in. The conversation keeps its place in line.
  "contact.offered": ContactOffered;
  // The contact form is stored as a ticket.
  "contact.received": ContactReceived;
  // How was it? After a person closed the matter.
  "satisfaction.asked": SatisfactionAsked;
  // The question was answered; other devices put it away.
  "satisfaction.given": SatisfactionGiven;
  // How far the other side has read.
  "message.seen": MessageSeen;
  // Whether the language model is up. Answers come either way.
  "assistant.status": AssistantStatus;
  // Answers events.send: what was stored, what was known already and what was refused.
  "events.accepted": EventsAccepted;
  // Answers ping.
  "pong": Pong;
  // Something the client sent could not be done. The connection lives on unless a close frame follows.
  "error": ErrorBody;
}

// CloseAdvice is what to do about a close code; waits are in milliseconds.
export interface CloseAdvice { reconnect: boolean; newTicket: boolean; minWait: number; maxWait: number }

export const closeCodes: readonly (CloseAdvice & { code: number; name: string })[] = [
  { code: 1001, name: "going_away", reconnect: true, newTicket: false, minWait: 200, maxWait: 5000 },
  { code: 1009, name: "frame_too_large", reconnect: true, newTicket: false, minWait: 1000, maxWait: 5000 },
  { code: 1012, name: "service_restart", reconnect: true, newTicket: false, minWait: 200, maxWait: 5000 },
  { code: 4000, name: "slow_reader", reconnect: true, newTicket: false, minWait: 0, maxWait: 1000 },
  { code: 4001, name: "idle", reconnect: true, newTicket: false, minWait: 0, maxWait: 1000 },
  { code: 4002, name: "max_age", reconnect: true, newTicket: false, minWait: 0, maxWait: 5000 },
  { code: 4100, name: "overloaded", reconnect: true, newTicket: false, minWait: 2000, maxWait: 20000 },
  { code: 4101, name: "rate_limited", reconnect: true, newTicket: false, minWait: 10000, maxWait: 60000 },
  { code: 4102, name: "internal", reconnect: true, newTicket: false, minWait: 1000, maxWait: 10000 },
  { code: 4200, name: "ticket_expired", reconnect: true, newTicket: true, minWait: 0, maxWait: 1000 },
  { code: 4201, name: "identity_changed", reconnect: true, newTicket: true, minWait: 0, maxWait: 1000 },
  { code: 4202, name: "session_unknown", reconnect: true, newTicket: true, minWait: 0, maxWait: 1000 },
  { code: 4500, name: "bad_protocol", reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
  { code: 4501, name: "bad_version", reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
  { code: 4502, name: "forbidden", reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
  { code: 4503, name: "not_resumed", reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
  { code: 4504, name: "replaced", reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
];

// closeRanges are for the codes from `from` up to but not `to` that stand above not.
export const closeRanges: readonly (CloseAdvice & { from: number; to: number })[] = [
  { from: 4000, to: 4100, reconnect: true, newTicket: false, minWait: 100, maxWait: 5000 },
  { from: 4100, to: 4200, reconnect: true, newTicket: false, minWait: 2000, maxWait: 20000 },
  { from: 4200, to: 4300, reconnect: true, newTicket: true, minWait: 0, maxWait: 5000 },
  { from: 4500, to: 4600, reconnect: false, newTicket: false, minWait: 0, maxWait: 0 },
];

// retryable are the codes of errors that the same frame, sent again later, may not meet.
export const retryable: readonly string[] = ["busy", "unavailable", "rate_limited", "draining", "internal"];
