#include "broker/reactor/reactor.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "broker/runtime_file.hpp"
#include "shm/base/check.hpp"
#include "shm/name/system_name.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/protocol/packet.hpp"

namespace ringside::broker {

namespace asio = boost::asio;

namespace {

using Level = daemon::FoldedLog::Level;

std::size_t descriptor_limit() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 1024;
}

Error failure(const char* what) {
    return {Errc::system_error, std::string(what) + ": " + std::strerror(errno)};
}

/// Returns the code that a client receives: the limit that it exceeded, or session_closed.
Errc goodbye_code(Errc reason) noexcept {
    const bool is_limit = reason == Errc::session_memory_limit ||
                          reason == Errc::user_memory_limit || reason == Errc::broker_memory_limit;
    return is_limit ? reason : Errc::session_closed;
}

}  // namespace

Reactor::Reactor(const shm::Segment& segment, const Options& options, const shm::GridPaths& paths,
                 Durability& durability)
    : segment_(&segment),
      options_(options),
      paths_(paths),
      signals_(context_, SIGTERM, SIGINT, SIGUSR1),
      pause_(context_),
      file_watch_(context_),
      acceptor_(context_),
      admission_(descriptor_limit()),
      log_(daemon::FoldedLog::to_log()),
      refusals_(segment.view(), log_),
      engine_(
          segment, options.retention, {.spin = options.spin}, durability, options.messaging(),
          MemoryLimits::of_total(options.session_memory_bytes), handover_,
          [this] { asio::post(context_, [this] { take_news(); }); }, options.memory_limits()) {
    signals_.add(SIGHUP);
    for (std::uint32_t i = 0; i < limits::sessions_max; ++i) free_indices_.push_back(i);
}

Reactor::~Reactor() {
    engine_.stop();
    SessionOrder* order = nullptr;
    while (handover_.orders.pop(order)) delete order;
    EndedSession* ended = nullptr;
    while (handover_.ended.pop(ended)) delete ended;
    if (!leaves_segment_) socket_.remove();
}

void Reactor::run() {
    await_signal();
    watch_files();
    context_.run();
    engine_.stop();
    refusals_.report();
    log_.finish();
}

void Reactor::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal == SIGHUP) {
            reload();
            return await_signal();
        }
        leaves_segment_ = signal == SIGUSR1;
        spdlog::info("{} received; {}", strsignal(signal),
                     leaves_segment_ ? "leaving the grid to the next broker" : "ending the grid");
        context_.stop();
    });
}

void Reactor::expect(std::span<const AbsentSession> absent, SessionId last_session) {
    last_session_ = last_session;
    std::erase_if(free_indices_, [&](std::uint32_t index) {
        return std::any_of(absent.begin(), absent.end(), [index](const AbsentSession& session) {
            return session.index == index;
        });
    });
}

/// Handles another broker's request for the grid. This broker stops if the other one can use the
/// segment, or if a store exists to start from. It notifies the other one when everything is done.
void Reactor::on_take_over_request(ConnectionId id, const shm::TakeOverRequest& request) {
    Connection& peer = *connections_.at(id);
    const bool knows_layout =
        request.layout == shm::layout_version && request.fingerprint == shm::layout_fingerprint();
    Error refusal;
    if (peer.access.role != shm::Role::admin) {
        refusal = Error(Errc::permission_denied);
    } else if (!knows_layout && options_.data_directory.empty()) {
        refusal = Error(Errc::layout_mismatch,
                        "take-over by another layout needs a store; start the broker with --data");
    }
    if (refusal.code != Errc::ok) {
        log_.line(Level::warning, "take-over refused",
                  peer.credentials.text() + ": " + refusal.text());
        say_goodbye(peer, refusal);
        return drop(id);
    }
    spdlog::info("broker with pid {} takes over", peer.credentials.pid);
    peer.deadline.cancel();
    admission_.greeted(id, peer.credentials.uid);
    successor_ = id;
    leaves_segment_ = knows_layout;
    context_.stop();
}

void Reactor::end_sessions() {
    engine_.deliver_held();
    // Without a goodbye, clients continue with the next broker.
    for (auto& [id, peer] : connections_) {
        if (peer->session != 0 && !leaves_segment_)
            say_goodbye(*peer, Error(Errc::connection_lost, "the broker was stopped"));
    }
    if (const auto place = connections_.find(successor_); place != connections_.end()) {
        say_goodbye(*place->second, Error());
    }
    connections_.clear();
}

void Reactor::await(ConnectionId id) {
    connections_.at(id)->socket.async_wait(Stream::wait_read,
                                           [this, id](const boost::system::error_code& error) {
                                               if (!error && connections_.contains(id))
                                                   on_readable(id);
                                           });
}

void Reactor::on_readable(ConnectionId id) {
    Connection& peer = *connections_.at(id);
    Byte packet[sizeof(shm::Hello) + 1];
    shm::Packet received =
        shm::receive_packet(peer.socket.native_handle(), packet, sizeof packet, MSG_DONTWAIT);
    const std::ptrdiff_t got = received.size;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return await(id);
    if (got <= 0) return drop(id);
    if (peer.session != 0) {
        log_.line(Level::warning, "session closed because it sent a packet after its greeting",
                  peer.credentials.text());
        say_goodbye(peer, Error(Errc::session_closed, "unexpected packet after the greeting"));
        return drop(id);
    }
    shm::TakeOverRequest request;
    if (got == sizeof request && std::memcmp(packet, &request.magic, sizeof request.magic) == 0) {
        std::memcpy(&request, packet, sizeof request);
        return on_take_over_request(id, request);
    }
    if (auto greeted = greet(peer, {packet, static_cast<std::size_t>(got)},
                             std::move(received.descriptors[0]));
        !greeted) {
        log_.line(Level::info, "connection refused",
                  peer.credentials.text() + ": " + greeted.error().text());
        refuse(peer, greeted.error());
        return drop(id);
    }
    peer.deadline.cancel();
    admission_.greeted(id, peer.credentials.uid);
    connection_of_session_.emplace(peer.session, id);
    await(id);
}

Result<void> Reactor::greet(Connection& peer, ByteView packet, Descriptor memory) {
    shm::Hello hello;
    if (packet.size() != sizeof hello)
        return Error(Errc::bad_request, "invalid size of the greeting");
    std::memcpy(&hello, packet.data(), sizeof hello);
    if (hello.magic != shm::handshake_magic) return Error(Errc::bad_request, "invalid greeting");
    if (hello.layout != shm::layout_version || hello.fingerprint != shm::layout_fingerprint()) {
        return Error(Errc::layout_mismatch);
    }
    std::string name(hello.name.begin(), std::find(hello.name.begin(), hello.name.end(), '\0'));
    // The name is shown on terminals.
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    std::string user(hello.user.begin(), std::find(hello.user.begin(), hello.user.end(), '\0'));
    if (auto checked = system_name::check_user(user); !checked) return checked;
    Peer who{peer.credentials, peer.access, std::move(name), std::move(user), peer.id};
    if (hello.session == 0) return make_session(peer, std::move(who));
    return resume_session(peer, std::move(who), hello, std::move(memory));
}

std::size_t Reactor::sessions_of(std::uint32_t user) const {
    return static_cast<std::size_t>(
        std::count_if(connections_.begin(), connections_.end(), [user](const auto& entry) {
            return entry.second->session != 0 && entry.second->credentials.uid == user;
        }));
}

Result<void> Reactor::check_share(const Connection& peer) {
    const std::size_t in_use = limits::sessions_max - free_indices_.size();
    const std::size_t of_user = sessions_of(peer.credentials.uid);
    const Admission::Sessions most{options_.sessions_max, options_.sessions_of_one_user()};
    auto checked = Admission::check_session(most, peer.access.role, in_use, of_user);
    if (checked) return checked;
    const bool is_of_user = in_use < most.max && of_user >= most.per_user_max;
    ++(is_of_user ? user_sessions_refused_ : sessions_refused_);
    store_limits();
    return checked;
}

Result<void> Reactor::make_session(Connection& peer, Peer who) {
    if (auto checked = check_share(peer); !checked) return checked;
    auto memory = SessionMemory::create();
    if (!memory) return memory.error();
    peer.memory = memory->take_descriptor();
    const std::uint32_t index = free_indices_.front();
    auto session =
        std::make_unique<Session>(last_session_ + 1, index, std::move(*memory), std::move(who));
    if (auto ordered = order_session(peer, std::move(session), false); !ordered) return ordered;
    free_indices_.pop_front();
    segment_->header().broker.sessions_given.store(++last_session_, std::memory_order_relaxed);
    return {};
}

Result<void> Reactor::resume_session(Connection& peer, Peer who, const shm::Hello& hello,
                                     Descriptor memory) {
    const auto gone = [](const char* why) { return Error(Errc::connection_lost, why); };
    if (hello.boot_id != segment_->view().identity().boot_id) return gone("the grid was recreated");
    if (hello.session_index >= limits::sessions_max) return Error(Errc::bad_request);
    const shm::SessionEntry& entry = segment_->view().session(hello.session_index);
    // SYNC session-entry: pairs with Engine::open; the rest of the entry is visible.
    const bool is_there = entry.id.load() == hello.session;
    // SYNC unpaired: these words are stored relaxed, before the id.
    const bool is_its_own =
        entry.pid.load() == peer.credentials.pid && entry.uid.load() == peer.credentials.uid;
    if (!is_there || !is_its_own || connection_of_session_.contains(hello.session)) {
        return gone("the broker abandoned the session");
    }
    auto adopted = SessionMemory::adopt(std::move(memory));
    if (!adopted) return adopted.error();
    return order_session(peer,
                         Session::of_former_broker(hello.session, hello.session_index,
                                                   std::move(*adopted), std::move(who)),
                         true);
}

Result<void> Reactor::order_session(Connection& peer, std::unique_ptr<Session> session,
                                    bool is_resumed) {
    Descriptor doorbell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!doorbell.is_open()) return failure("eventfd");
    if (!handover_.has_room_for_session(connection_of_session_.size())) {
        return Error(Errc::session_limit, "the broker is busy with other sessions; try again");
    }
    if (auto listened = engine_.listen_to(doorbell.get()); !listened) return listened;
    peer.welcome.role = static_cast<std::uint16_t>(session->peer().access.role);
    peer.welcome.session = session->id();
    peer.welcome.session_index = session->index();
    peer.welcome.boot_id = segment_->view().identity().boot_id;
    peer.session = session->id();
    peer.doorbell = std::move(doorbell);
    order({std::move(session), 0, is_resumed});
    return {};
}

/// REQUIRES: there is room; see Handover.
void Reactor::order(SessionOrder order) {
    check_that(handover_.orders.push(new SessionOrder(std::move(order))),
               "there is room for every order of the reactor");
    engine_.nudge();
}

Reactor::Connection* Reactor::connection_of(SessionId session, ConnectionId connection) {
    const auto place = connection_of_session_.find(session);
    const bool is_its = place != connection_of_session_.end() && place->second == connection;
    return is_its ? connections_.at(connection).get() : nullptr;
}

void Reactor::close_connection(SessionId session, ConnectionId connection) {
    engine_.stop_listening_to(connections_.at(connection)->doorbell.get());
    connections_.erase(connection);
    connection_of_session_.erase(session);
}

void Reactor::welcome(const OpenedSession& opened) {
    const SessionId session = opened.session;
    Connection* asking = connection_of(session, opened.connection);
    if (asking == nullptr) return;  // already closed
    Connection& peer = *asking;
    // A resumed session already has its memory.
    const int descriptors[] = {peer.memory.get(), peer.doorbell.get()};
    const std::size_t skipped = peer.memory.is_open() ? 0 : 1;
    if (!shm::send_packet(peer.socket.native_handle(), &peer.welcome, sizeof peer.welcome,
                          std::span(descriptors).subspan(skipped))) {
        log_.line(Level::info, "connection lost before the welcome was sent",
                  peer.credentials.text());
        return drop(opened.connection);
    }
    spdlog::debug("session {} opened (pid {}, uid {})", session, peer.credentials.pid,
                  peer.credentials.uid);
    peer.memory = Descriptor();
}

void Reactor::refuse(Connection& peer, const Error& error) {
    shm::Welcome refusal;
    refusal.error = static_cast<std::uint16_t>(error.code);
    // If the packet cannot be delivered, the closed socket informs the peer.
    static_cast<void>(shm::send_packet(peer.socket.native_handle(), &refusal, sizeof refusal, {}));
}

void Reactor::say_goodbye(Connection& peer, const Error& reason) {
    shm::Goodbye goodbye;
    goodbye.error = static_cast<std::uint16_t>(reason.code);
    reason.detail.copy(goodbye.detail.data(), goodbye.detail.size() - 1);
    static_cast<void>(shm::send_packet(peer.socket.native_handle(), &goodbye, sizeof goodbye, {}));
}

/// Closes a connection that has ended or must end. The engine returns its session; see `take_news`.
void Reactor::drop(ConnectionId id) {
    const auto place = connections_.find(id);
    if (place == connections_.end()) return;
    const SessionId session = place->second->session;
    admission_.greeted(id, place->second->credentials.uid);
    if (session != 0) engine_.stop_listening_to(place->second->doorbell.get());
    connections_.erase(place);
    if (session == 0) return;
    connection_of_session_.erase(session);
    order({nullptr, session, false});
}

void Reactor::take_news() {
    OpenedSession opened;
    while (handover_.opened.pop(opened)) welcome(opened);
    EndedSession* ended = nullptr;
    while (handover_.ended.pop(ended)) take_ended(*std::unique_ptr<EndedSession>(ended));
    std::uint32_t index = 0;
    while (handover_.freed_indices.pop(index)) free_indices_.push_back(index);
}

void Reactor::take_ended(const EndedSession& ended) {
    const Session& session = *ended.session;
    const Peer& peer = session.peer();
    if (ended.was_refused) {
        Connection* refused = connection_of(session.id(), peer.connection);
        if (refused == nullptr) return;
        log_.line(Level::info, "session not resumed",
                  peer.credentials.text() + ": " + ended.reason.text());
        refuse(*refused, ended.reason);
        return close_connection(session.id(), peer.connection);
    }
    free_indices_.push_back(session.index());
    if (ended.reason.code == Errc::ok) {
        spdlog::debug("session {} of {} closed (pid {})", session.id(), peer.program,
                      peer.credentials.pid);
        return;
    }
    log_.line(Level::warning, "session closed by the broker",
              peer.program + ", " + peer.credentials.text() + ": " + ended.reason.text());
    Connection* connection = connection_of(session.id(), peer.connection);
    if (connection == nullptr) return;
    say_goodbye(*connection, Error(goodbye_code(ended.reason.code), ended.reason.detail));
    close_connection(session.id(), peer.connection);
}

}  // namespace ringside::broker
