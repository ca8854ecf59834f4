// The load client of bench/fanout for gRPC: many WatchQuotes, a connection each, in one epoll loop.
//   grpc_client HOST PORT CALLS REQUESTS grpc 0 [KEY]
// REQUESTS holds one request message per line, as hex; call n takes line n modulo their number. It
// speaks as much HTTP/2 as that takes, with windows so large that none is ever waited for. Prints
// "ready" and answers "measure SECONDS STALLED" as client.cpp does, with messages as deliveries.
#include "load.hpp"

namespace {

using Bytes = std::string;

struct Call {
    int fd = -1;
    bool told = false, open = false;
    Bytes held, message;  // what is left of a frame, and of a message
};

Bytes big(uint32_t value, int size) {
    Bytes out;
    for (int at = size - 1; at >= 0; at--) out += char(value >> (8 * at));
    return out;
}

Bytes frame(int type, int flags, uint32_t stream, const Bytes &body) {
    return big(uint32_t(body.size()), 3) + char(type) + char(flags) + big(stream, 4) + body;
}

Bytes text(const Bytes &value) { return Bytes(1, char(value.size())) + value; }

// A header that no table keeps: `index` names it where the static table of HPACK has it.
Bytes header(int index, const Bytes &value) {
    return index < 15 ? Bytes(1, char(index)) + text(value)
                      : Bytes{char(15), char(index - 15)} + text(value);
}

Bytes opening(const Bytes &request, const Bytes &key) {
    const Bytes own("\0", 1);
    const Bytes heads = Bytes{char(0x83), char(0x86)} +  // POST, http
                        header(4, "/quantgraph.v1.QuoteService/WatchQuotes") + header(1, "127.0.0.1") +
                        header(31, "application/grpc") + own + text("te") + text("trailers") +
                        (key.empty() ? key : own + text("x-api-key") + text(key));
    const Bytes settings = big(4, 2) + big(0x7fffffff, 4) + big(5, 2) + big(0xffffff, 4);
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, settings) +
           frame(8, 0, 0, big(0x7fffffff - 65535, 4)) + frame(1, 4, 1, heads) +
           frame(0, 1, 1, own + big(uint32_t(request.size()), 4) + request);
}

struct Reader {  // the fields of one protobuf message
    const char *at, *end;
    uint64_t number = 0, value = 0;
    const char *body = nullptr;
    uint64_t varint() {
        uint64_t out = 0;
        for (int shift = 0; at < end; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at++);
            out |= uint64_t(byte & 127) << shift;
            if (byte < 128) break;
        }
        return out;
    }
    bool next() {
        if (at >= end) return false;
        const uint64_t tag = varint();
        number = tag >> 3, body = nullptr;
        if ((tag & 7) == 0) value = varint();
        else if ((tag & 7) == 1) at += 8;
        else if ((tag & 7) == 2) value = varint(), body = at, at += value;
        else return false;
        return true;
    }
    bool find(uint64_t wanted) {
        while (next()) if (number == wanted) return true;
        return false;
    }
};

struct Load : Crowd<Call> {
    Bytes key;  // an API key, where one is due

    void begin(Call &c, const char *host, int port, const Bytes &request) {
        reach(c, host, port, false);
        send_all(c.fd, opening(request, key));
        hear(c);
    }

    void take(const char *data, size_t size, int64_t at) {
        Reader events{data, data + size};
        bool first = deliveries++ % 8 == 0;
        while (events.find(1)) {
            quotes++;
            if (!first) continue;
            first = false;
            Reader event{events.body, events.body + events.value};
            if (!event.find(3)) continue;
            Reader quote{event.body, event.body + event.value};
            if (quote.find(8) && quote.value > 1) latencies.push_back(at - int64_t(quote.value));
        }
    }

    void take_all(Call &c, int64_t at) {
        size_t done = 0;
        while (c.message.size() - done >= 5) {
            const auto *head = reinterpret_cast<const unsigned char *>(c.message.data() + done);
            const size_t size = size_t(head[1]) << 24 | head[2] << 16 | head[3] << 8 | head[4];
            if (c.message.size() - done < 5 + size) break;
            take(c.message.data() + done + 5, size, at);
            heard(c);
            done += 5 + size;
        }
        c.message.erase(0, done);
    }

    void read(Call &c) override {
        const size_t size = received(c);
        if (!size) return;
        const int64_t at = now_us();
        c.held.append(room.data(), size);
        size_t done = 0;
        while (c.held.size() - done >= 9) {
            const auto *head = reinterpret_cast<const unsigned char *>(c.held.data() + done);
            const size_t length = size_t(head[0]) << 16 | head[1] << 8 | head[2];
            if (c.held.size() - done < 9 + length) break;
            const int type = head[3], flags = head[4];
            const Bytes body(c.held, done + 9, type == 6 ? length : 0);
            if (type == 0) c.message.append(c.held, done + 9, length);
            if (type == 4 && !(flags & 1)) send_all(c.fd, frame(4, 1, 0, ""));
            if (type == 6 && !(flags & 1)) send_all(c.fd, frame(6, 1, 0, body));
            done += 9 + length;
            if (type == 7 || type == 3 || (type == 1 && flags & 1)) return drop(c);
        }
        c.held.erase(0, done);
        take_all(c, at);
    }
};

Bytes unhex(const Bytes &line) {
    Bytes out;
    for (size_t at = 0; at + 1 < line.size(); at += 2)
        out += char(std::stoi(line.substr(at, 2), nullptr, 16));
    return out;
}

}  // namespace

int main(int count, char **given) {
    if (count != 7 && count != 8) return 2;
    Load load;
    if (count == 8) load.key = given[7];
    load.peers.resize(size_t(std::atoi(given[3])));
    std::vector<Bytes> requests;
    for (const Bytes &line : lines_of(given[4])) requests.push_back(unhex(line));
    for (size_t n = 0; n < load.peers.size(); n++) {
        load.begin(load.peers[n], given[1], std::atoi(given[2]), requests[n % requests.size()]);
        if (n % 50 == 49) load.run(now_us() + 1000, 0, false);
    }
    load.run(now_us() + 60000000, 0, true);
    if (load.told != int64_t(load.peers.size())) die("not all calls were told something");
    load.obey();
}
