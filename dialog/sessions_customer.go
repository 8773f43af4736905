package dialog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// maxDevices is how many devices a session may have; the one that came longest ago makes room.
const maxDevices = 32

// errMoved says that a customer's session became another one while it was looked at.
var errMoved = errors.New("the customer's session changed in the meantime")

// newDevice makes a device on a platform with its secret. A customer's is good for Options.DeviceLife, a visitor's for good.
func (m *Manager) newDevice(customer, platform string) device {
	d := device{id: m.newID(), secret: m.newSecret(32), platform: cmp.Or(platform, shop.PlatformWeb)}
	hash := sha256.Sum256([]byte(d.secret))
	d.hash = hash[:]
	if customer != "" {
		d.life = m.o.DeviceLife
	}
	return d
}

// OpenCustomer lets a device of a known customer in: into the session that the customer's devices share, or into
// a new one. The caller has verified who the customer is.
func (m *Manager) OpenCustomer(ctx context.Context, customer string, r OpenRequest) (Opened, error) {
	return m.settle(ctx, func() (Opened, error) {
		o, err := m.open(ctx, customer, r)
		if err != nil || o.Secret != "" {
			return o, err
		}
		return m.join(ctx, o.SessionID, customer, r.Platform, "")
	})
}

// Identify says that the device's session is the customer's from now on; the caller has verified who that is.
//
// A visitor's session becomes the customer's, with what was said and what lies in the cart. Where the customer
// has a session already, the device goes over to that one and the visitor's cart comes along; only while a person
// was asked for or answers, the visitor's session stays as it is until the next login. A session of another
// customer stays that customer's. In each case the secret that the device had ends, and with it its sockets. The
// device stays on its platform.
func (m *Manager) Identify(ctx context.Context, sessionID string, by Device, customer string) (Opened, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return Opened{}, err
	}
	if m.draining.Load() {
		return Opened{}, ErrDraining
	}
	return m.settle(ctx, func() (Opened, error) {
		now, err := m.Session(ctx, id)
		if err != nil {
			return Opened{}, err
		}
		if now.Customer != "" && now.Customer != customer {
			o, err := m.OpenCustomer(ctx, customer, OpenRequest{Lang: now.Lang, Platform: by.Platform})
			if err == nil {
				err = m.SignOut(ctx, id, by.ID)
			}
			return o, err
		}
		o, theirs, err := m.become(ctx, id, by, customer)
		if err == nil && theirs != "" {
			return m.join(ctx, theirs, customer, by.Platform, id)
		}
		return o, err
	})
}

// settle tries again where a customer logged in elsewhere at the same time.
func (m *Manager) settle(ctx context.Context, try func() (Opened, error)) (o Opened, err error) {
	const tries = 5
	for range tries {
		if o, err = try(); !errors.Is(err, errMoved) || ctx.Err() != nil {
			return o, err
		}
	}
	return o, fmt.Errorf("let a customer in: %w", err)
}

// become makes the session the customer's and gives the device a new secret. Where the customer has another session
// to go to, it changes nothing and returns that one.
func (m *Manager) become(ctx context.Context, id string, by Device, customer string) (o Opened, theirs string, err error) {
	d := m.newDevice(customer, by.Platform)
	var current string
	var devices []string
	read := func(b *pgx.Batch) {
		b.Queue(claimCustomer, customer, id).QueryRow(func(row pgx.Row) error { return row.Scan(&current) })
		b.Queue(selectDevices, id).Query(collectIDs(&devices))
	}
	var out []string
	err = m.Within(ctx, id, read, func(x *Tx) error {
		row := &x.tx.row
		switch {
		case row.Customer != "" && row.Customer != customer:
			return errMoved
		case !slices.Contains(devices, by.ID):
			return ErrSignedOut
		case current != id && x.open == "":
			theirs = current
			return errElsewhere
		}
		out = []string{by.ID}
		if row.Customer == "" {
			// Whoever else held the visitor's secret is no customer by that.
			out = devices
			m.belongings(x, id, customer)
		}
		row.Customer = customer
		x.tx.set(`UPDATE sessions SET next_seq = $2, active_at = now(), customer = $3 WHERE id = $1`, customer)
		x.Queue(`DELETE FROM session_devices WHERE session_id = $1 AND id = ANY ($2::uuid[])`, id, out)
		x.admit(d)
		o = Opened{SessionID: id, Secret: d.secret, Epoch: row.Epoch}
		if m.o.Desk != nil {
			m.o.Desk.Identified(x)
			x.identified = true
		}
		return nil
	})
	if errors.Is(err, errElsewhere) {
		return Opened{}, theirs, nil
	}
	if err != nil {
		return Opened{}, "", err
	}
	m.log.Info("customer identified", "session", id)
	m.hub.signOut(id, out)
	return o, "", nil
}

// errElsewhere ends a transaction that found the customer's session to be another one.
var errElsewhere = errors.New("the customer has another session")

// join lets a device on a platform into the customer's session, from the visitor's session that it had, if it had one:
// that one ends for everybody who held its secret.
func (m *Manager) join(ctx context.Context, id, customer, platform, from string) (o Opened, err error) {
	d := m.newDevice(customer, platform)
	var out []string
	read := func(b *pgx.Batch) {
		out = nil
		if from != "" {
			b.Queue(selectDevices, from).Query(collectIDs(&out))
		}
	}
	err = m.Within(ctx, id, read, func(x *Tx) error {
		if x.tx.row.Customer != customer {
			return errMoved
		}
		x.admit(d)
		if from != "" {
			m.belongings(x, from, customer)
			x.Queue(`UPDATE sessions SET customer = $2 WHERE id = $1 AND customer = ''`, from, customer)
			x.Queue(`DELETE FROM session_devices WHERE session_id = $1`, from)
		}
		o = Opened{SessionID: id, Secret: d.secret, Epoch: x.tx.row.Epoch}
		return nil
	})
	if errors.Is(err, ErrNoSession) {
		return Opened{}, errMoved
	}
	if err != nil {
		return Opened{}, err
	}
	m.log.Info("a device joined its customer's session", "session", id)
	if from != "" {
		m.hub.signOut(from, out)
	}
	return o, nil
}

// admit gives a device the right to the session.
func (x *Tx) admit(d device) {
	x.Queue(insertDevice, d.id, x.tx.row.ID, d.hash, d.life, d.platform)
	x.Queue(dropOldDevices, x.tx.row.ID, maxDevices)
}

// belongings moves what a visitor gathered to the customer.
func (m *Manager) belongings(x *Tx, visitor, customer string) {
	if m.o.Carts != nil {
		m.o.Carts.Take(x.Queue, visitor, customer)
	}
}

// SignOut ends the device's right to the session and closes its sockets. Other devices stay. A device that has no right
// is no error.
func (m *Manager) SignOut(ctx context.Context, sessionID, device string) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	if err := m.store.dropDevice(ctx, id, device); err != nil {
		return err
	}
	m.log.Info("a device signed out", "session", id)
	m.hub.signOut(id, []string{device})
	return nil
}

// Authorise is ErrSignedOut where the device has no right to its session any more.
func (m *Manager) Authorise(ctx context.Context, device string) error {
	gone, err := m.store.signedOut(ctx, []string{device})
	if err == nil && len(gone) > 0 {
		err = ErrSignedOut
	}
	return err
}

// signedOutBatch is how many devices one query looks at.
const signedOutBatch = 1000

// checkDevices ends the readers of this process whose devices have no right any more: what a lost notice would
// have said, and devices whose time is over.
func (m *Manager) checkDevices(ctx context.Context) error {
	for devices := range slices.Chunk(m.hub.devices(), signedOutBatch) {
		gone, err := m.store.signedOut(ctx, devices)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			m.hub.endDevices(gone)
		}
	}
	return nil
}

func collectIDs(into *[]string) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}
}
