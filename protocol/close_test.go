package protocol_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"floorwalker/protocol"
)

func TestCloseCodesKeepToTheirRanges(t *testing.T) {
	last := 0
	for _, c := range protocol.CloseCodes() {
		if c.Code <= last {
			t.Errorf("%s: %d stands after %d", c.Name, c.Code, last)
		}
		last = c.Code
		back, ticket := c.Code < 4500, c.Code >= 4200 && c.Code < 4300
		if c.Reconnect != back || c.NewTicket != ticket {
			t.Errorf("%d %s does not fit its range", c.Code, c.Name)
		}
		if c.Code >= 4100 && c.Code < 4200 && c.MinWait < time.Second {
			t.Errorf("%s asks back after %v", c.Name, c.MinWait)
		}
		if got := protocol.LookupClose(c.Code); got != c {
			t.Errorf("lookup of %d: %+v", c.Code, got)
		}
	}
}

func TestUnknownCloseCodesAreAnsweredByTheirRange(t *testing.T) {
	for code, want := range map[int]struct{ back, ticket bool }{
		1006: {true, false}, 4050: {true, false}, 4199: {true, false}, 4299: {true, true}, 4599: {false, false},
	} {
		if c := protocol.LookupClose(code); c.Reconnect != want.back || c.NewTicket != want.ticket {
			t.Errorf("%d: %+v", code, c)
		}
	}
}

func TestReasonsFitACloseFrameAndSpreadTheReturn(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range protocol.CloseCodes() {
		reason := c.Reason(random)
		if len(reason) > 123 || !strings.HasPrefix(reason, c.Name) || strings.Contains(reason, "retry_ms") != c.Reconnect {
			t.Errorf("reason %q", reason)
		}
	}
	seen := map[time.Duration]bool{}
	for range 100 {
		wait := protocol.CloseServiceRestart.Wait(random)
		if wait < protocol.CloseServiceRestart.MinWait || wait > protocol.CloseServiceRestart.MaxWait {
			t.Errorf("wait %v", wait)
		}
		seen[wait] = true
	}
	if len(seen) < 90 {
		t.Errorf("100 clients come back at %d different times", len(seen))
	}
}
