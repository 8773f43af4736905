package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// CleanOrigin is an origin as browsers send it: lower case, without a path, without the scheme's own port.
func CleanOrigin(origin string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(origin))
	if err != nil {
		return "", err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "", errors.New("an origin is a scheme and a host, as in https://shop.example")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return "", errors.New("an origin has no path, query or user")
	}
	if strings.ContainsAny(u.Host, "*") {
		return "", errors.New("origins are exact; list each one")
	}
	if strings.ContainsFunc(u.Host, noHost) {
		return "", errors.New("a host has letters, digits, dots and hyphens; a name in other letters is written as browsers send it, as in xn--bcher-kva.example")
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host, nil
}

// noHost reports whether browsers send a rune in no origin's host and port. Among these are all that end a source or a
// directive of a Content-Security-Policy.
func noHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_:[]", r)
}

// OriginsFor lists the origins of pages that a server on the address serves itself. For a loopback or
// unspecified address these are the names that a browser on this machine uses for it.
func OriginsFor(addr string) []string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	hosts := []string{host}
	if ip, err := netip.ParseAddr(host); host == "" || host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		hosts = []string{"127.0.0.1", "localhost", "::1"}
	}
	var origins []string
	for _, h := range hosts {
		if origin, err := CleanOrigin("http://" + net.JoinHostPort(h, port)); err == nil {
			origins = append(origins, origin)
		}
	}
	return origins
}

// allowedOrigin is true for a request with exactly one Origin header that is on the list. A missing one and
// "null" are not.
func (s *Server) allowedOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return len(origins) == 1 && s.origins[origins[0]]
}

// foreignPage is true for a request that a page of an origin not on the list made.
func (s *Server) foreignPage(r *http.Request) bool {
	return len(r.Header.Values("Origin")) > 0 && !s.allowedOrigin(r)
}

// clientAddress is who speaks: the peer, or, behind proxies that are trusted, the nearest address in
// X-Forwarded-For that is none of theirs.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	addr := peer.Addr().Unmap()
	if !s.trusted(addr) {
		return addr
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			return addr
		}
		addr = hop.Unmap()
		if !s.trusted(addr) {
			return addr
		}
	}
	return addr
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, network := range s.c.TrustedProxies {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// addressKey is what limits count by: an IPv4 address, or the /64 that one IPv6 customer commonly has.
func addressKey(addr netip.Addr) string {
	if addr.Is6() {
		if network, err := addr.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
