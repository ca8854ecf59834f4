// The floor of bench/fanout: frames that were made beforehand, a send() per socket and burst, nothing
// else.
//   floor PORT FOLDER SYMBOLS
// It shakes hands with whoever comes, speaks no protocol beyond, and follows the commands of
// feeding.py on its standard input: "saturate N" sends N frames to each socket at once, again and again.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::vector<int> sockets;

void put_stamp(std::string &frames, size_t frame, size_t at) {  // where the load client looks
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    char digits[20];
    std::snprintf(digits, sizeof digits, "%015lld",
                  static_cast<long long>(t.tv_sec) * 1000000 + t.tv_nsec / 1000);
    for (; at < frames.size(); at += frame) frames.replace(at, 15, digits, 15);
}

void admit(int listener) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::string asked;
    char piece[4096];
    while (asked.find("\r\n\r\n") == std::string::npos) {
        const ssize_t size = recv(fd, piece, sizeof piece, 0);
        if (size <= 0) return void(close(fd));
        asked.append(piece, size_t(size));
    }
    const std::string answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return void(close(fd));
    sockets.push_back(fd);
}

bool told(int fd, const std::string &frames) {
    for (size_t at = 0; at < frames.size();) {
        const ssize_t sent =
            send(fd, frames.data() + at, frames.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        pollfd full{fd, POLLOUT, 0};
        if (sent < 0 && (errno != EAGAIN || poll(&full, 1, 100) < 0)) return false;
        at += sent < 0 ? 0 : size_t(sent);
    }
    return true;
}

bool asked() {
    pollfd input{0, POLLIN, 0};
    return poll(&input, 1, 0) > 0;
}

void saturate(int burst) {
    const std::string stamp(15, '0'),
        text = "{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":{\"quotes\":{\"quote\":{\"symbol\":"
               "\"600000.SH\",\"lastPrice\":10.01,\"volume\":" + stamp + ",\"amount\":12345.5}}}}}";
    const std::string frame = std::string{char(0x81), char(126), char(text.size() >> 8), char(text.size() & 255)} + text;
    std::string frames;
    for (int n = 0; n < burst; n++) frames += frame;
    const size_t at = frame.find(stamp);
    while (!asked()) {
        put_stamp(frames, frame.size(), at);
        for (const int fd : sockets) told(fd, frames);
    }
}

}  // namespace

int main(int count, char **given) {
    if (count < 2) return 2;
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(uint16_t(std::atoi(given[1])));
    inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    if (bind(listener, reinterpret_cast<sockaddr *>(&here), sizeof here) < 0) return 1;
    if (listen(listener, 2048) < 0) return 1;
    std::puts("listening");
    std::fflush(stdout);
    std::string word;
    for (;;) {
        pollfd both[2] = {{0, POLLIN, 0}, {listener, POLLIN, 0}};
        poll(both, 2, -1);
        if (both[1].revents) admit(listener);
        if (!both[0].revents) continue;
        if (!(std::cin >> word)) return 0;
        int burst = 0;
        if (word == "saturate") std::cin >> burst;
        std::cin.ignore(1000, '\n');
        std::puts("done");
        std::fflush(stdout);
        if (burst) saturate(burst);
    }
}
