package ranking

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
)

// Policy is how a shop wants its products ordered, as a file says it. What the file leaves out stays as it is.
type Policy struct {
	Weights Weights `json:"weights"`
	// Floor and Diversity are those of Options.
	Floor     float64 `json:"floor"`
	Diversity float64 `json:"diversity"`
}

// ErrPolicy says that a policy can't be followed.
var ErrPolicy = errors.New("unusable ranking policy")

// DefaultPolicy is what serves where nothing is said.
func DefaultPolicy() Policy {
	return Policy{Weights: DefaultWeights, Floor: DefaultFloor, Diversity: DefaultDiversity}
}

// ReadPolicy reads a policy in JSON over the one given. A name that is not known, or a figure that would turn the order
// around, is ErrPolicy.
func ReadPolicy(r io.Reader, over Policy) (Policy, error) {
	const longest = 4 << 20
	d := json.NewDecoder(io.LimitReader(r, longest))
	d.DisallowUnknownFields()
	p := over
	if err := d.Decode(&p); err != nil {
		return over, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	if d.More() {
		return over, fmt.Errorf("%w: something follows the JSON object", ErrPolicy)
	}
	return p, p.check()
}

func (p Policy) check() error {
	values := reflect.ValueOf(p.Weights)
	for i := range values.NumField() {
		name := values.Type().Field(i).Tag.Get("json")
		if v := values.Field(i).Float(); !(v >= 0 && v <= 1) {
			return fmt.Errorf("%w: the weight %s is %g, weights are from 0 to 1", ErrPolicy, name, v)
		}
	}
	w := p.Weights
	switch {
	case w.Semantic+w.Words+w.Kind == 0:
		return fmt.Errorf("%w: semantic, words and kind are all 0; one of them must count", ErrPolicy)
	case !(p.Floor >= 0 && p.Floor <= 1):
		return fmt.Errorf("%w: the floor is %g, it is from 0 to 1", ErrPolicy, p.Floor)
	case !(p.Diversity >= 0 && p.Diversity <= 1):
		return fmt.Errorf("%w: diversity is %g, it is from 0 to 1", ErrPolicy, p.Diversity)
	}
	return nil
}

// Options are the options by which the policy is followed.
func (p Policy) Options() Options {
	o := Options{Weights: p.Weights, Floor: p.Floor, Diversity: p.Diversity}
	if o.Floor == 0 {
		o.Floor = math.SmallestNonzeroFloat64 // 0 in Options is the default
	}
	if o.Diversity == 0 {
		o.Diversity = -1
	}
	return o
}
