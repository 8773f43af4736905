package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that PostgreSQL runs under; nil means our own.
type account struct{ uid, gid uint32 }

// serviceAccount picks the account for a data folder. PostgreSQL refuses to run as root, so root lends it
// another one: the owner of the data where there is data, else a user without rights.
func serviceAccount(cluster string) (*account, error) {
	owner, exists := ownerOf(cluster)
	own := uint32(os.Geteuid())
	if own != 0 {
		if exists && owner.uid != own {
			return nil, fmt.Errorf("the data in %s belong to another user (uid %d): run Floorwalker as that user or as root, or choose another data folder", cluster, owner.uid)
		}
		return nil, nil
	}
	if exists && owner.uid != 0 {
		return &owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &account{uint32(uid), uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: run Floorwalker as another user")
}

func ownerOf(path string) (account, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return account{}, false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, false
	}
	return account{s.Uid, s.Gid}, true
}

// lend has a child run under the account.
func (a *account) lend(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attributes
}

// own gives a path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// reaches reports whether the account may enter the folder and every one above it.
func (a *account) reaches(folder string) bool {
	if a == nil {
		return true
	}
	for dir := filepath.Clean(folder); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid == a.uid {
			continue
		}
		if info.Mode().Perm()&0o001 == 0 {
			return false
		}
	}
	return true
}
