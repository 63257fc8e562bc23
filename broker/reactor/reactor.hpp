#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <span>

#include "broker/config/options.hpp"
#include "broker/daemon/folded_log.hpp"
#include "broker/reactor/admission.hpp"
#include "broker/reactor/engine_thread.hpp"
#include "broker/reactor/grid_socket.hpp"
#include "broker/reactor/refusal_report.hpp"
#include "shm/protocol/handshake.hpp"

namespace ringside::broker {

/// The broker's thread for everything except requests. It accepts connections on the grid's socket,
/// asks the kernel for peer credentials, provides session memory, and detects dead peers. Lane
/// traffic never passes through it. Thread safety: one thread, that of `run`.
class Reactor {
public:
    /// Reloads the options and reopens the log file; see `on_reload`.
    using Reload = std::function<Result<Options>()>;

    Reactor(const shm::Segment& segment, const Options& options, const shm::GridPaths& paths,
            Durability& durability);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Sets the SIGHUP handler. Roles and session limits apply at once: a session whose role or
    /// patterns have changed ends, and its client attaches again. If the options cannot be read,
    /// the former ones stay in force. Without a handler, SIGHUP does nothing.
    void on_reload(Reload reload) { reload_ = std::move(reload); }

    /// Listens on the socket. Errors: foreign_grid, system_error.
    Result<void> listen();

    /// Serves until SIGTERM or SIGINT ends the grid, or until another broker continues with it.
    /// That broker requests the grid, or starts after SIGUSR1. No request is taken afterwards.
    void run();

    /// Returns whether `run` ended for a successor, so that the segment must stay.
    [[nodiscard]] bool leaves_segment() const noexcept { return leaves_segment_; }

    /// Registers the sessions of a former broker, which may reconnect.
    void expect(std::span<const AbsentSession> absent, SessionId last_session);

    /// Sends the last replies and closes all sessions. REQUIRES: `run` has ended.
    void end_sessions();

    [[nodiscard]] EngineThread& engine() noexcept { return engine_; }

private:
    using Stream = boost::asio::posix::stream_descriptor;

    /// A connection: first waits for the greeting, then signals that its session is alive.
    struct Connection {
        Connection(boost::asio::io_context& context, int descriptor)
            : socket(context, descriptor), deadline(context) {}
        Stream socket;
        boost::asio::steady_timer deadline;
        Credentials credentials;
        Access access;
        ConnectionId id = 0;
        SessionId session = 0;  ///< 0: no greeting yet
        shm::Welcome welcome;   ///< sent with both descriptors after the engine has the session
        Descriptor memory;      ///< until then
        Descriptor doorbell;
    };

    void await_signal();
    void reload();
    void watch_files();
    void check_files();
    void accept();
    void accept_all();
    void admit(int descriptor);
    void turn_away(ConnectionId id);
    void make_room_for(std::uint32_t user);
    Result<void> check_share(const Connection& peer);
    [[nodiscard]] std::size_t sessions_of(std::uint32_t user) const;
    void store_limits();
    void await(ConnectionId id);
    void on_readable(ConnectionId id);
    Result<void> greet(Connection& peer, ByteView packet, Descriptor memory);
    Result<void> make_session(Connection& peer, Peer who);
    Result<void> resume_session(Connection& peer, Peer who, const shm::Hello& hello,
                                Descriptor memory);
    Result<void> order_session(Connection& peer, std::unique_ptr<Session> session, bool is_resumed);
    void on_take_over_request(ConnectionId id, const shm::TakeOverRequest& request);
    void welcome(const OpenedSession& opened);
    void refuse(Connection& peer, const Error& error);
    void drop(ConnectionId id);
    void take_news();
    void take_ended(const EndedSession& ended);
    /// Returns the connection that requested a session if it still belongs to the session.
    [[nodiscard]] Connection* connection_of(SessionId session, ConnectionId connection);
    void close_connection(SessionId session, ConnectionId connection);
    void order(SessionOrder order);
    void say_goodbye(Connection& peer, const Error& reason);

    const shm::Segment* segment_;
    Options options_;
    shm::GridPaths paths_;
    Reload reload_;
    boost::asio::io_context context_{1};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer pause_;
    boost::asio::steady_timer file_watch_;
    Stream acceptor_;
    GridSocket socket_;
    Admission admission_;
    daemon::FoldedLog log_;
    RefusalReport refusals_;
    std::uint64_t sessions_refused_ = 0;
    std::uint64_t user_sessions_refused_ = 0;
    std::uint64_t waiting_dropped_ = 0;
    bool has_reported_segment_ = false;
    bool has_reported_socket_ = false;
    Handover handover_;
    std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
    std::map<SessionId, ConnectionId> connection_of_session_;
    std::deque<std::uint32_t> free_indices_;  ///< longest unused first
    ConnectionId next_connection_ = 0;
    SessionId last_session_ = 0;
    ConnectionId successor_ = 0;  ///< connection of the broker that takes over; 0: none
    bool leaves_segment_ = false;
    bool is_paused_ = false;
    EngineThread engine_;
};

}  // namespace ringside::broker
