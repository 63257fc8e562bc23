#pragma once

#include <nats/nats.h>

#include <memory>
#include <optional>
#include <string>

#include "bench/support/process.hpp"
#include "shm/document/value.hpp"

namespace ringside::bench {

/// A NATS server on core 1 that listens on a free port of the loopback interface only.
class NatsServer {
public:
    NatsServer();
    [[nodiscard]] std::string url() const;
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

private:
    int port_;
    Child child_;
};

/// A connection that the calling thread drives by itself: in the library's usual way a thread of
/// its own reads the socket and hands messages over, which costs another wake-up.
class NatsConnection {
public:
    /// Tries for a while: the server may be starting.
    explicit NatsConnection(const std::string& url);

    void publish(const char* subject, ByteView payload);
    /// Whoever answers does it to that subject.
    void request(const char* subject, const char* answer_to, ByteView payload);
    /// Once. Messages come by `wait` and `poll`.
    void subscribe(const char* subject);

    struct Message {
        std::unique_ptr<natsMsg, void (*)(natsMsg*)> owned;
        [[nodiscard]] ByteView payload() const;
        [[nodiscard]] const char* answer_to() const;
    };
    [[nodiscard]] Message wait();
    [[nodiscard]] std::optional<Message> poll();

private:
    void send();
    [[nodiscard]] std::optional<Message> received();

    int socket_ = -1;
    std::unique_ptr<natsConnection, void (*)(natsConnection*)> connection_;
    std::unique_ptr<natsSubscription, void (*)(natsSubscription*)> subscription_;
};

}  // namespace ringside::bench
