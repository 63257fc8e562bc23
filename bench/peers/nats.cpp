#include "bench/peers/nats.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

#include "shm/base/descriptor.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

namespace {

void check(natsStatus status) {
    if (status != NATS_OK)
        throw std::runtime_error(std::string("NATS: ") + natsStatus_GetText(status));
}

int free_port() {
    const Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener.get(), any, size) != 0 || getsockname(listener.get(), any, &size) != 0)
        throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

using Options = std::unique_ptr<natsOptions, void (*)(natsOptions*)>;

/// Only `wait` and `poll` read the socket; no thread of the library does.
Options options_for(const std::string& url, int* socket_of_connection) {
    natsOptions* created = nullptr;
    check(natsOptions_Create(&created));
    Options options(created, natsOptions_Destroy);
    check(natsOptions_SetURL(created, url.c_str()));
    check(natsOptions_SetEventLoop(
        created, socket_of_connection,
        [](void** data, void* place, natsConnection*, natsSock its_socket) {
            *static_cast<int*>(place) = its_socket;
            *data = place;
            return NATS_OK;
        },
        [](void*, bool) { return NATS_OK; }, [](void*, bool) { return NATS_OK; },
        [](void*) { return NATS_OK; }));
    return options;
}

}  // namespace

NatsServer::NatsServer()
    : port_(free_port()), child_([&] {
          pin_to(1);
          become(built::nats_server,
                 {"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port_)});
      }) {
    NatsConnection until_it_answers(url());
}

std::string NatsServer::url() const { return fmt::format("nats://127.0.0.1:{}", port_); }

NatsConnection::NatsConnection(const std::string& url)
    : connection_(nullptr, natsConnection_Destroy),
      subscription_(nullptr, natsSubscription_Destroy) {
    const Options options = options_for(url, &socket_);
    natsConnection* connected = nullptr;
    natsStatus status = NATS_ERR;
    for (int i = 0; i < 500 && status != NATS_OK; ++i) {
        if (i > 0) usleep(10'000);
        status = natsConnection_Connect(&connected, options.get());
    }
    check(status);
    connection_.reset(connected);
}

void NatsConnection::send() { natsConnection_ProcessWriteEvent(connection_.get()); }

void NatsConnection::publish(const char* subject, ByteView payload) {
    check(natsConnection_Publish(connection_.get(), subject, payload.data(),
                                 static_cast<int>(payload.size())));
    send();
}

void NatsConnection::request(const char* subject, const char* answer_to, ByteView payload) {
    check(natsConnection_PublishRequest(connection_.get(), subject, answer_to, payload.data(),
                                        static_cast<int>(payload.size())));
    send();
}

const char* NatsConnection::Message::answer_to() const { return natsMsg_GetReply(owned.get()); }

void NatsConnection::subscribe(const char* subject) {
    natsSubscription* made = nullptr;
    check(natsConnection_SubscribeSync(&made, connection_.get(), subject));
    subscription_.reset(made);
    send();
}

ByteView NatsConnection::Message::payload() const {
    return {reinterpret_cast<const std::uint8_t*>(natsMsg_GetData(owned.get())),
            static_cast<std::size_t>(natsMsg_GetDataLength(owned.get()))};
}

std::optional<NatsConnection::Message> NatsConnection::received() {
    natsMsg* message = nullptr;
    if (natsSubscription_NextMsg(&message, subscription_.get(), 0) != NATS_OK) return std::nullopt;
    return Message{{message, natsMsg_Destroy}};
}

NatsConnection::Message NatsConnection::wait() {
    for (;;) {
        if (auto message = received()) return std::move(*message);
        pollfd readable{socket_, POLLIN, 0};
        ::poll(&readable, 1, -1);
        natsConnection_ProcessReadEvent(connection_.get());
    }
}

std::optional<NatsConnection::Message> NatsConnection::poll() {
    natsConnection_ProcessReadEvent(connection_.get());
    return received();
}

}  // namespace ringside::bench
