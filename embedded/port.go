package embedded

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// reservedPort is a loopback port that is kept from others until a child takes it. It is bound but not listened
// on, so that who connects meanwhile is refused at once.
type reservedPort struct {
	number int
	socket int
	once   sync.Once
}

// reservePort takes the port, or a free one for 0.
func reservePort(number int) (*reservedPort, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	if number != 0 {
		// Old connections that are still closing must not keep a restart from its port. A free port is taken
		// without this: it would let others in.
		err = syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}
	if err == nil {
		err = syscall.Bind(socket, &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		syscall.Close(socket)
		return nil, fmt.Errorf("port %d of this machine is not free: %w", number, err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		syscall.Close(socket)
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	in4, ok := bound.(*syscall.SockaddrInet4)
	if !ok {
		syscall.Close(socket)
		return nil, fmt.Errorf("reserve a port: unexpected address %T", bound)
	}
	return &reservedPort{number: in4.Port, socket: socket}, nil
}

// address is host and port.
func (r *reservedPort) address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.number))
}

// release gives the port to the child that is about to start. It may be called often.
func (r *reservedPort) release() {
	r.once.Do(func() { syscall.Close(r.socket) })
}
