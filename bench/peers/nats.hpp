#pragma once

#include <nats/nats.h>

#include <memory>
#include <optional>
#include <string>

#include "bench/support/process.hpp"
#include "shm/document/value.hpp"

namespace ringside::bench {

/// A NATS server on core 1 that listens only on a free port of the loopback interface.
class NatsServer {
public:
    NatsServer();
    [[nodiscard]] std::string url() const;
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

private:
    int port_;
    Child child_;
};

/// A connection driven by the calling thread. By default, a thread of the library reads the socket
/// and passes messages on, which costs another wake-up.
class NatsConnection {
public:
    /// Retries for a while, because the server may still be starting.
    explicit NatsConnection(const std::string& url);

    void publish(const char* subject, ByteView payload);
    /// The provider answers to the subject `answer_to`.
    void request(const char* subject, const char* answer_to, ByteView payload);
    /// Call once. `wait` and `poll` return the messages.
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
