// Package pictures keeps what customers send to be looked at. What comes in is told by its content to be a picture, is
// never larger than it may be, and is drawn anew: what a camera wrote into it (place, time, serial number), and whatever
// else hides in a file, is not kept. A picture belongs to one session and goes with it.
//
//	store := pictures.NewStore(pool, pictures.Options{})
//	kept, err := store.Keep(ctx, session, upload)  // nobody has it yet
//	sent, err := store.Send(ctx, session, kept.ID) // it goes with a message now
//	jpeg, err := store.Read(ctx, session, kept.ID)
//
// It does not look at pictures: that is the model's, or a person's.
package pictures
