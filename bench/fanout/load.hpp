// What the load clients of bench/fanout share: many peers in one epoll loop, and what is counted of them.
// A peer has `fd`, `told` (it heard something) and `open`.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

inline int64_t now_us() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t{t.tv_sec} * 1000000 + t.tv_nsec / 1000;
}

inline double used_s() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const timeval &a = usage.ru_utime, &b = usage.ru_stime;
    return double(a.tv_sec + b.tv_sec) + double(a.tv_usec + b.tv_usec) / 1e6;
}

[[noreturn]] inline void die(const char *what) {
    std::perror(what);
    std::exit(1);
}

inline void send_all(int fd, const std::string &data) {
    for (size_t at = 0; at < data.size();) {
        const ssize_t sent = send(fd, data.data() + at, data.size() - at, MSG_NOSIGNAL);
        if (sent < 0) die("send");
        at += size_t(sent);
    }
}

inline std::vector<std::string> lines_of(const char *name) {
    std::ifstream file(name);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

template <class Peer>
struct Crowd {
    std::vector<Peer> peers;
    std::vector<int64_t> latencies;
    int64_t deliveries = 0, quotes = 0, told = 0, closed = 0;
    int poll = epoll_create1(0);
    std::vector<char> room = std::vector<char>(1 << 18);

    virtual ~Crowd() = default;
    virtual void read(Peer &peer) = 0;

    void reach(Peer &peer, const char *host, int port, bool small) {
        peer.fd = socket(AF_INET, SOCK_STREAM, 0);
        const int window = 16384;  // a window that was offered cannot be taken back
        if (small) setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(uint16_t(port));
        inet_pton(AF_INET, host, &to.sin_addr);
        if (connect(peer.fd, reinterpret_cast<sockaddr *>(&to), sizeof to) < 0) die("connect");
        const int on = 1;
        setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    void hear(Peer &peer) {
        peer.open = true;
        fcntl(peer.fd, F_SETFL, O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &peer;
        epoll_ctl(poll, EPOLL_CTL_ADD, peer.fd, &event);
    }

    void drop(Peer &peer) {
        epoll_ctl(poll, EPOLL_CTL_DEL, peer.fd, nullptr);
        close(peer.fd);
        peer.open = false;
        closed++;
    }

    // Returns how many bytes came into `room`, 0 where there is nothing to be read.
    size_t received(Peer &peer) {
        const ssize_t size = recv(peer.fd, room.data(), room.size(), 0);
        if (size > 0) return size_t(size);
        if (size == 0 || (errno != EAGAIN && errno != EINTR)) drop(peer);
        return 0;
    }

    void heard(Peer &peer) {
        if (!peer.told) peer.told = true, told++;
    }

    // Reads until a moment, or until every peer was told something.
    void run(int64_t until, size_t stalled, bool first) {
        epoll_event events[512];
        while (now_us() < until && !(first && told == int64_t(peers.size()))) {
            const int count = epoll_wait(poll, events, 512, 20);
            for (int n = 0; n < count; n++) {
                auto *peer = static_cast<Peer *>(events[n].data.ptr);
                if (size_t(peer - peers.data()) >= stalled) read(*peer);
                else if (events[n].events & (EPOLLHUP | EPOLLERR)) drop(*peer);
            }
        }
    }

    void watch(size_t stalled, uint32_t wanted) {
        for (size_t n = 0; n < stalled; n++) {
            if (!peers[n].open) continue;
            epoll_event event{};
            event.events = wanted;
            event.data.ptr = &peers[n];
            epoll_ctl(poll, EPOLL_CTL_MOD, peers[n].fd, &event);
        }
    }

    // `last`: the stalled ones read on at the end, for who was closed finds out by reading.
    void measure(double seconds, size_t stalled, bool last) {
        watch(stalled, 0);
        deliveries = quotes = 0;
        latencies.clear();
        const double used = used_s();
        const int64_t began = now_us();
        run(began + int64_t(seconds * 1e6), stalled, false);
        const double took = double(now_us() - began) / 1e6;
        const double busy = (used_s() - used) / took;
        const int64_t counted = deliveries, shown = quotes;
        std::vector<int64_t> found;
        found.swap(latencies);
        if (last && stalled) {
            watch(stalled, EPOLLIN);
            run(now_us() + 1000000, 0, false);
        }
        std::sort(found.begin(), found.end());
        const auto at = [&](double share) {
            return found.empty() ? int64_t{-1} : found[size_t(double(found.size() - 1) * share)];
        };
        std::printf("%lld %.3f %lld %lld %.2f %lld %lld\n", static_cast<long long>(counted), took,
                    static_cast<long long>(at(0.5)), static_cast<long long>(at(0.99)), busy,
                    static_cast<long long>(closed), static_cast<long long>(shown));
        std::fflush(stdout);
    }

    // Says that it is ready, and measures what standard input asks for.
    void obey() {
        std::puts("ready");
        std::fflush(stdout);
        double seconds;
        size_t stalled;
        for (std::string word; std::cin >> word >> seconds >> stalled;) measure(seconds, stalled, word == "measure");
    }
};
