// The load client of bench/fanout: many sockets of graphql-transport-ws in one epoll loop.
//   client HOST PORT SOCKETS SUBSCRIPTIONS PROTOCOL
// SUBSCRIPTIONS holds one payload of `subscribe` per line; socket n takes line n modulo their number.
// PROTOCOL is "graphql" or "raw" (no messages of ours: every frame counts). Prints "ready" once every
// socket was told something. Then, per line of standard input: "measure SECONDS STALLED" counts frames
// while the first STALLED sockets read nothing, and prints deliveries, seconds, p50 and p99 of latencies
// in microseconds, the share of its core that it used, sockets that were closed, and deliveries again:
// a frame has one quote.
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

namespace {

struct Socket {
    int fd = -1;
    bool told = false, open = false;
    std::string held, asks;  // what is left of a frame; what is sent after the acknowledgement
};

int64_t now_us() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t{t.tv_sec} * 1000000 + t.tv_nsec / 1000;
}

double used_s() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const timeval &a = usage.ru_utime, &b = usage.ru_stime;
    return double(a.tv_sec + b.tv_sec) + double(a.tv_usec + b.tv_usec) / 1e6;
}

[[noreturn]] void die(const char *what) {
    std::perror(what);
    std::exit(1);
}

void send_all(int fd, const std::string &data) {
    for (size_t at = 0; at < data.size();) {
        const ssize_t sent = send(fd, data.data() + at, data.size() - at, MSG_NOSIGNAL);
        if (sent < 0) die("send");
        at += size_t(sent);
    }
}

std::string frame(const std::string &text) {  // masked with zeros: it stays readable
    std::string out(1, char(0x81));
    if (text.size() < 126) out += char(0x80 | text.size());
    else (out += char(0x80 | 126)) += {char(text.size() >> 8), char(text.size() & 255)};
    return out + std::string(4, '\0') + text;
}

struct Load {
    std::vector<Socket> sockets;
    std::vector<int64_t> latencies;
    int64_t frames = 0, stamped = 0, told = 0, closed = 0;
    int poll = epoll_create1(0);
    std::vector<char> room = std::vector<char>(1 << 18);

    void connect_one(Socket &s, const char *host, int port, const std::string &payload, bool graphql) {
        s.fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(uint16_t(port));
        inet_pton(AF_INET, host, &to.sin_addr);
        if (connect(s.fd, reinterpret_cast<sockaddr *>(&to), sizeof to) < 0) die("connect");
        const int on = 1;
        setsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        std::string hello = "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        if (graphql) hello += "Sec-WebSocket-Protocol: graphql-transport-ws\r\n";
        send_all(s.fd, hello + "\r\n");
        std::string got;
        char piece[4096];
        while (got.find("\r\n\r\n") == std::string::npos) {
            const ssize_t size = recv(s.fd, piece, sizeof piece, 0);
            if (size <= 0) die("handshake");
            got.append(piece, size_t(size));
        }
        if (got.compare(0, 12, "HTTP/1.1 101") != 0) die(got.c_str());
        s.held = got.substr(got.find("\r\n\r\n") + 4);
        s.open = true;
        if (graphql) {
            send_all(s.fd, frame("{\"type\":\"connection_init\"}"));
            s.asks = frame("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":" + payload + "}");
        }
        fcntl(s.fd, F_SETFL, O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &s;
        epoll_ctl(poll, EPOLL_CTL_ADD, s.fd, &event);
    }

    void take(Socket &s, const char *text, size_t size, int64_t at) {
        static const char kAck[] = "connection_ack", kVolume[] = "\"volume\":";
        if (!s.told && memmem(text, size, kAck, sizeof kAck - 1)) return send_all(s.fd, s.asks);
        if (memmem(text, std::min<size_t>(size, 40), "\"error\"", 7)) {
            std::fprintf(stderr, "%.*s\n", int(size), text);
            std::exit(1);
        }
        if (!s.told) s.told = true, told++;
        if (frames++ % 8) return;
        if (const void *found = memmem(text, size, kVolume, sizeof kVolume - 1)) {
            const int64_t stamp = std::atoll(static_cast<const char *>(found) + sizeof kVolume - 1);
            if (stamp > 1) latencies.push_back(at - stamp);
        }
    }

    void drop(Socket &s) {
        epoll_ctl(poll, EPOLL_CTL_DEL, s.fd, nullptr);
        close(s.fd);
        s.open = false;
        closed++;
    }

    void read(Socket &s) {
        const ssize_t size = recv(s.fd, room.data(), room.size(), 0);
        if (size <= 0) {
            if (size == 0 || (errno != EAGAIN && errno != EINTR)) drop(s);
            return;
        }
        const int64_t at = now_us();
        const char *data = room.data();
        size_t left = size_t(size);
        if (!s.held.empty()) {
            s.held.append(data, left);
            data = s.held.data(), left = s.held.size();
        }
        for (;;) {
            if (left < 2) break;
            const auto *head = reinterpret_cast<const unsigned char *>(data);
            size_t begin = 2, length = head[1] & 127;
            if (length == 126) {
                if (left < 4) break;
                length = size_t(head[2]) << 8 | head[3], begin = 4;
            } else if (length == 127) {
                if (left < 10) break;
                length = 0;
                for (int n = 2; n < 10; n++) length = length << 8 | head[n];
                begin = 10;
            }
            if (left < begin + length) break;
            if ((head[0] & 15) == 9) {  // a ping wants its pong
                std::string pong{char(0x8A), char(0x80 | length), 0, 0, 0, 0};
                send_all(s.fd, pong + std::string(data + begin, length));
            } else if ((head[0] & 15) == 1) {
                take(s, data + begin, length, at);
            }
            data += begin + length, left -= begin + length;
        }
        std::string rest(data, left);
        s.held.swap(rest);
    }

    // Reads until a moment, or until every socket was told something.
    void run(int64_t until, size_t stalled, bool first) {
        epoll_event events[512];
        while (now_us() < until && !(first && told == int64_t(sockets.size()))) {
            const int count = epoll_wait(poll, events, 512, 20);
            for (int n = 0; n < count; n++) {
                auto *s = static_cast<Socket *>(events[n].data.ptr);
                if (size_t(s - sockets.data()) >= stalled) read(*s);
            }
        }
    }

    void watch(size_t stalled, uint32_t wanted) {
        for (size_t n = 0; n < stalled; n++) {
            if (!sockets[n].open) continue;
            epoll_event event{};
            event.events = wanted;
            event.data.ptr = &sockets[n];
            const int small = 16384;  // who takes nothing is noticed as soon as this is full
            setsockopt(sockets[n].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
            epoll_ctl(poll, EPOLL_CTL_MOD, sockets[n].fd, &event);
        }
    }

    void measure(double seconds, size_t stalled) {
        watch(stalled, 0);
        frames = 0;
        latencies.clear();
        const double used = used_s();
        const int64_t began = now_us();
        run(began + int64_t(seconds * 1e6), stalled, false);
        const double took = double(now_us() - began) / 1e6;
        watch(stalled, EPOLLIN);
        std::sort(latencies.begin(), latencies.end());
        const auto at = [&](double share) {
            return latencies.empty() ? int64_t{-1} : latencies[size_t(double(latencies.size() - 1) * share)];
        };
        std::printf("%lld %.3f %lld %lld %.2f %lld %lld\n", static_cast<long long>(frames), took,
                    static_cast<long long>(at(0.5)), static_cast<long long>(at(0.99)),
                    (used_s() - used) / took, static_cast<long long>(closed),
                    static_cast<long long>(frames));
        std::fflush(stdout);
    }
};

}  // namespace

int main(int count, char **given) {
    if (count != 6) return 2;
    Load load;
    load.sockets.resize(size_t(std::atoi(given[3])));
    std::ifstream file(given[4]);
    std::vector<std::string> payloads;
    for (std::string line; std::getline(file, line);) payloads.push_back(line);
    const bool graphql = std::string(given[5]) == "graphql";
    for (size_t n = 0; n < load.sockets.size(); n++) {
        load.connect_one(load.sockets[n], given[1], std::atoi(given[2]), payloads[n % payloads.size()], graphql);
        if (n % 50 == 49) load.run(now_us() + 1000, 0, false);  // pings want their pongs meanwhile
    }
    if (graphql) load.run(now_us() + 60000000, 0, true);
    if (graphql && load.told != int64_t(load.sockets.size())) die("not all sockets were told something");
    std::puts("ready");
    std::fflush(stdout);
    double seconds;
    size_t stalled;
    for (std::string word; std::cin >> word >> seconds >> stalled;) load.measure(seconds, stalled);
}
