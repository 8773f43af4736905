package desk

import (
	"regexp"
	"slices"
	"strings"

	"floorwalker/shop"
)

// Role is what a person may do at the desk.
type Role string

// The roles. A supervisor sees all queues and everybody's load, and may take any conversation; an admin also
// changes queues, canned replies and accounts.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleAdmin      Role = "admin"
)

// Agent is a person's account.
type Agent struct {
	// ID is what the person logs in with, Name what customers see.
	ID, Name string
	Role     Role
	// Queues are those that the person may see and answer; "*" is all.
	Queues []string
	// Capacity is how many conversations the person takes at once.
	Capacity int
	// TOTP is true where a second factor is set.
	TOTP     bool
	Disabled bool
	Present  bool
	Away     bool
}

// AllQueues is the right to every queue.
const AllQueues = "*"

// Supervises is true for supervisors and admins.
func (a Agent) Supervises() bool { return a.Role == RoleSupervisor || a.Role == RoleAdmin }

// May is true where the person may see and answer the queue.
func (a Agent) May(queue string) bool {
	return a.Supervises() || slices.Contains(a.Queues, AllQueues) || slices.Contains(a.Queues, queue)
}

var (
	agentID = regexp.MustCompile(`^[a-z0-9._-]{1,64}$`)
	queueID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

func (a Agent) check() error {
	if !agentID.MatchString(a.ID) {
		return shop.Errorf(shop.CodeBadRequest, "The id may hold 1 to 64 lower-case letters, digits and . _ - only.")
	}
	if n := len([]rune(strings.TrimSpace(a.Name))); n == 0 || n > 80 {
		return shop.Errorf(shop.CodeBadRequest, "The name must have 1 to 80 characters; customers see it.")
	}
	if !slices.Contains([]Role{RoleAgent, RoleSupervisor, RoleAdmin}, a.Role) {
		return shop.Errorf(shop.CodeBadRequest, "The role is agent, supervisor or admin.")
	}
	if a.Capacity < 1 || a.Capacity > 100 {
		return shop.Errorf(shop.CodeBadRequest, "The capacity is from 1 to 100 conversations.")
	}
	for _, q := range a.Queues {
		if q != AllQueues && !queueID.MatchString(q) {
			return shop.Errorf(shop.CodeBadRequest, "A queue's name may hold lower-case letters, digits and - only; * is all.")
		}
	}
	return nil
}

// The errors that callers look for.
var (
	errNotYours  = shop.Errorf(shop.CodeForbidden, "This conversation is not yours. Claim it first.")
	errNoRight   = shop.Errorf(shop.CodeForbidden, "You have no right to this. Ask an admin of your desk.")
	errNoCase    = shop.Errorf(shop.CodeNotFound, "Nobody waits in this conversation any more. Look at the queue again.")
	errFull      = shop.Errorf(shop.CodeConflict, "You have as many conversations as you can take. Finish one first.")
	errNotThere  = shop.Errorf(shop.CodeConflict, "This colleague is not at the desk, or has no room. Choose another, or a queue.")
	errNoQueue   = shop.Errorf(shop.CodeNotFound, "There is no such queue. Look at the list of queues.")
	errNoAgent   = shop.Errorf(shop.CodeNotFound, "There is no such agent. Look at the list of agents.")
	errNoTicket  = shop.Errorf(shop.CodeNotFound, "There is no such ticket.")
	errSameQueue = shop.Errorf(shop.CodeBadRequest, "Give either an agent or a queue to transfer to.")
)
