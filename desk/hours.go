package desk

import (
	"fmt"
	"time"
	_ "time/tzdata" // business hours are in the shop's own time zone, also on machines without that data

	"floorwalker/shop"
)

// Hours are business hours: for each day ("mon" to "sun") the spans that are open, as ["09:00","18:00"].
// Without any day it is always open.
type Hours map[string][][2]string

var days = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// check refuses days and times that can't be.
func (h Hours) check() error {
	for day, spans := range h {
		known := false
		for _, d := range days {
			known = known || d == day
		}
		if !known {
			return shop.Errorf(shop.CodeBadRequest, "%q is no day. Use mon, tue, wed, thu, fri, sat and sun.", day)
		}
		for _, span := range spans {
			from, err1 := minute(span[0])
			to, err2 := minute(span[1])
			if err1 != nil || err2 != nil || from >= to {
				return shop.Errorf(shop.CodeBadRequest, "%v is no span of a day. Write it as [\"09:00\",\"18:00\"]; 24:00 is midnight.", span)
			}
		}
	}
	return nil
}

// minute is a time of day in minutes.
func minute(text string) (int, error) {
	var h, m int
	if n, err := fmt.Sscanf(text, "%d:%d", &h, &m); err != nil || n != 2 || len(text) != 5 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is no time of day", text)
	}
	return h*60 + m, nil
}

// at says whether it is open then, and if not, when it opens next; zero for never.
func (h Hours) at(now time.Time, zone *time.Location) (open bool, opens time.Time) {
	if len(h) == 0 {
		return true, time.Time{}
	}
	now = now.In(zone)
	year, month, day := now.Date()
	for ahead := range 8 {
		midnight := time.Date(year, month, day+ahead, 0, 0, 0, 0, zone)
		for _, span := range h[days[midnight.Weekday()]] {
			from, err1 := minute(span[0])
			to, err2 := minute(span[1])
			if err1 != nil || err2 != nil {
				continue
			}
			// Hours of the clock, not hours since midnight: days with a change of the clock have 23 or 25.
			begin := time.Date(year, month, day+ahead, from/60, from%60, 0, 0, zone)
			end := time.Date(year, month, day+ahead, to/60, to%60, 0, 0, zone)
			if !now.Before(begin) && now.Before(end) {
				return true, time.Time{}
			}
			if begin.After(now) && (opens.IsZero() || begin.Before(opens)) {
				opens = begin
			}
		}
	}
	return false, opens
}
