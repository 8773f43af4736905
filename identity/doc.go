// Package identity says who a customer is: by a short-lived token (JWT) that the shop's own server signed.
//
// A token holds sub (the shop's id of the customer), iss, aud, iat, exp at most ten minutes after iat, and jti, a
// name that is good once over all replicas. It may hold nbf, and session: then it is good in that session alone.
// Keys come from a JWK Set (RFC 7517) in a file that is read again when it changes, so that the shop can put a new
// key beside the old one, sign with the new, and take the old one away without a restart.
//
// The package keeps no sessions and no accounts: what a customer may do is for those who ask.
//
//	v, err := identity.New(pool, "keys.json", identity.Options{Issuer: "https://shop.example"})
//	go v.Run(ctx)                               // forgets nonces that nobody could use any more
//	customer, err := v.Verify(ctx, token, "")   // token_invalid, token_expired, token_replayed
package identity
