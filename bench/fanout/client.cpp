// The load client of bench/fanout: many sockets of graphql-transport-ws in one epoll loop.
//   client HOST PORT SOCKETS SUBSCRIPTIONS PROTOCOL STALLING [KEY]
// SUBSCRIPTIONS holds one payload of `subscribe` per line; socket n takes line n modulo their number.
// PROTOCOL is "graphql" or "raw" (no messages of ours: every frame counts). Prints "ready" once every
// socket was told something. The first STALLING sockets have small windows from their beginning: only
// so are they full as soon as they read nothing. Then, per line of standard input: "measure SECONDS
// STALLED" counts frames while the first STALLED sockets read nothing, and prints deliveries, seconds,
// p50 and p99 of latencies in microseconds, the share of its core that it used, sockets that were
// closed, and deliveries again: a frame has one quote. "warm SECONDS STALLED" leaves them as full as
// they are by then.
#include "load.hpp"

namespace {

struct Socket {
    int fd = -1;
    bool told = false, open = false;
    std::string held, asks;  // what is left of a frame; what is sent after the acknowledgement
};

std::string frame(const std::string &text) {  // masked with zeros: it stays readable
    std::string out(1, char(0x81));
    if (text.size() < 126) out += char(0x80 | text.size());
    else (out += char(0x80 | 126)) += {char(text.size() >> 8), char(text.size() & 255)};
    return out + std::string(4, '\0') + text;
}

struct Load : Crowd<Socket> {
    std::string key;  // an API key, where one is due

    void connect_one(Socket &s, const char *host, int port, const std::string &payload, bool graphql,
                     bool small) {
        reach(s, host, port, small);
        std::string hello = "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        if (graphql) hello += "Sec-WebSocket-Protocol: graphql-transport-ws\r\n";
        if (!key.empty()) hello += "X-API-Key: " + key + "\r\n";
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
        if (graphql) {
            send_all(s.fd, frame("{\"type\":\"connection_init\"}"));
            s.asks = frame("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":" + payload + "}");
        }
        hear(s);
    }

    void take(Socket &s, const char *text, size_t size, int64_t at) {
        static const char kAck[] = "connection_ack", kVolume[] = "\"volume\":";
        if (!s.told && memmem(text, size, kAck, sizeof kAck - 1)) return send_all(s.fd, s.asks);
        if (memmem(text, std::min<size_t>(size, 40), "\"error\"", 7)) {
            std::fprintf(stderr, "%.*s\n", int(size), text);
            std::exit(1);
        }
        heard(s);
        quotes++;
        if (deliveries++ % 8) return;
        if (const void *found = memmem(text, size, kVolume, sizeof kVolume - 1)) {
            const int64_t stamp = std::atoll(static_cast<const char *>(found) + sizeof kVolume - 1);
            if (stamp > 1) latencies.push_back(at - stamp);
        }
    }

    void read(Socket &s) override {
        size_t left = received(s);
        if (!left) return;
        const int64_t at = now_us();
        const char *data = room.data();
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
};

}  // namespace

int main(int count, char **given) {
    if (count != 7 && count != 8) return 2;
    Load load;
    if (count == 8) load.key = given[7];
    load.peers.resize(size_t(std::atoi(given[3])));
    const std::vector<std::string> payloads = lines_of(given[4]);
    const bool graphql = std::string(given[5]) == "graphql";
    for (size_t n = 0; n < load.peers.size(); n++) {
        load.connect_one(load.peers[n], given[1], std::atoi(given[2]), payloads[n % payloads.size()], graphql,
                         n < size_t(std::atoi(given[6])));
        if (n % 50 == 49) load.run(now_us() + 1000, 0, false);  // pings want their pongs meanwhile
    }
    if (graphql) load.run(now_us() + 60000000, 0, true);
    if (graphql && load.told != int64_t(load.peers.size())) die("not all sockets were told something");
    load.obey();
}
