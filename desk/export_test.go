package desk

// Code is what an authenticator app shows in a time step.
var Code = code
