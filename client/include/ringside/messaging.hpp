#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/record.hpp"

/// Calls, providers and listeners: sessions speak to each other by way of the broker, which knows
/// who is there at this moment. Whoever dies is replaced by another, or its callers are told.
namespace ringside {

// -- Calling -------------------------------------------------------------------------------------

struct CallOptions {
    /// How long the call may take in all. Zero: until it is accepted, what the broker is configured
    /// for (1 s a provider), and from then on the same (10 s). Error: bad_timeout.
    std::chrono::milliseconds timeout{0};
    /// It may be carried out more than once: when a provider dies with it, or the broker, it goes
    /// to the next one instead of failing with provider_lost or connection_lost.
    bool idempotent = false;
};

/// What a provider has answered.
struct Answer {
    Document document;
    bool is_failure = false;  ///< the provider calls it one: `document` says why
};

/// Many calls under way at once in the calling thread's lane. Tickets count up from 1; answers come
/// in any order. A call that is still under way at the end is cancelled. Beside them the thread may
/// read, write and call as always.
/// A session that is lost for good ends all of them with connection_lost; the next call goes to the
/// client's new session.
/// Thread safety: stays in the thread that made it.
///
///     auto calls = client.calls([](auto ticket, Result<Answer> answer) { … }).value();
///     for (auto& seat : seats) calls.call("quote", seat).value();
///     calls.wait_all(std::chrono::seconds(60)).value();
class Calls {
public:
    /// Errors of a call that was sent: no_provider, provider_lost, timed_out, connection_lost,
    /// permission_denied, would_block, bad_name, name_too_long, reserved_name and those of
    /// documents. Called from within `poll`, `wait` and `wait_all`. The handler may use the Calls
    /// and may destroy them; then it is not called again. An exception leaves the call within which
    /// the handler was called.
    using OnAnswer = std::function<void(std::uint64_t ticket, Result<Answer> answer)>;

    Calls(Calls&&) noexcept;
    Calls& operator=(Calls&&) noexcept;
    ~Calls();

    /// Errors: those of JSON text, bad_timeout, would_block (`limits::calls_per_lane_max` are
    /// `pending` already), timed_out (a full lane), connection_lost.
    Result<std::uint64_t> call(std::string_view name, std::string_view json,
                               const CallOptions& = {});
    Result<std::uint64_t> call(std::string_view name, const Document& document,
                               const CallOptions& = {});

    /// Its answer is of no more use: `on_answer` is not called for it.
    void cancel(std::uint64_t ticket);

    /// Takes the answers that are there, without waiting; how many. An idempotent call that was
    /// lost with its broker is sent again from here.
    std::size_t poll();
    /// Waits until at least one answer is there, and takes all. Errors: timed_out; would_block when
    /// nothing is pending.
    Result<std::size_t> wait(std::chrono::milliseconds timeout);
    /// Ends the `wait` that is under way, or else the next one, with 0. From any thread.
    void interrupt() noexcept;
    /// Waits until nothing is pending. Error: timed_out.
    Result<void> wait_all(std::chrono::milliseconds timeout);

    /// Calls whose answers were not handed out yet.
    [[nodiscard]] std::size_t pending() const noexcept;

    class Impl;

private:
    friend class Client;
    explicit Calls(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// -- Providing -----------------------------------------------------------------------------------

/// Is told what the broker says of a pattern that a Provider or Listener was given: that it has
/// agreed, or why not: reserved_name, permission_denied, bad_pattern (too long for its record),
/// lane_limit. A pattern that was refused stays without effect until it is removed. Said once for
/// each `add`, and for each pattern again when the grid was begun anew; from within `poll` and
/// `next`, where it may add and remove.
using OnSettled = std::function<void(std::uint64_t pattern_id, const Result<void>& outcome)>;

/// A call that was taken by this provider: it is accepted, and to be ended by one of `answer`,
/// `fail`, `reject` and `abandon`, from any thread. One that is destroyed before is abandoned, since
/// it may have been carried out.
/// Thread safety: one thread at a time.
class Call {
public:
    Call(Call&&) noexcept;
    Call& operator=(Call&&) noexcept;
    ~Call();

    [[nodiscard]] std::string_view name() const noexcept;
    /// Which of its Provider's patterns it was offered for.
    [[nodiscard]] std::uint64_t pattern_id() const noexcept;
    [[nodiscard]] Value document() const noexcept;
    /// The encoded document.
    [[nodiscard]] ByteView bytes() const noexcept;
    /// When its caller stops waiting; where the caller leaves that to the broker, it is prolonged
    /// when the call is taken.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept;
    /// Whether its caller has given it up, as far as its Provider has seen (`poll`, `next`).
    [[nodiscard]] bool is_cancelled() const noexcept;

    // Errors: those of JSON text and documents, timed_out (the broker does not take it),
    // connection_lost, lane_limit: then it has not ended; bad_request: it has already.
    // An answer that comes too late is dropped without an error.
    Result<void> answer(std::string_view json);
    Result<void> answer(const Document& document);
    /// The caller gets the document as a failure.
    Result<void> fail(std::string_view json);
    Result<void> fail(const Document& document);
    /// Says that the call was not carried out: the next provider is asked.
    Result<void> reject();
    /// Says that the call may have been carried out and gets no answer. Its caller gets
    /// provider_lost; a call that is idempotent goes to the next provider.
    Result<void> abandon();

    class Impl;

private:
    friend class Provider;
    explicit Call(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;  ///< the Provider looks at it, too
};

/// A place at which calls of some names arrive, with a lane of its own. Several in one process
/// share the load like those of several processes. It may be for many patterns, each of which is
/// asked as if it were a provider of its own; what they have at a time is bounded for all together
/// (`limits::calls_per_provider_max`). When the grid is begun anew, it registers there by itself;
/// calls that were taken before are cancelled then.
///
/// Thread safety: `poll` and `next` for one thread at a time; all others are for any thread.
///
///     auto provider = client.provide("quote/*").value();
///     while (auto call = provider.next(std::chrono::seconds(60))) call->answer("4200").value();
class Provider {
public:
    Provider(Provider&&) noexcept;
    Provider& operator=(Provider&&) noexcept;
    /// Withdraws: calls that were not taken go to others; those that were may still be answered.
    ~Provider();

    /// Takes the next call. Errors: would_block (nothing there); no_such_grid, no_broker (none just
    /// now: go on asking); for good, connection_lost and lane_limit. One that was made without an
    /// OnSettled says here why a pattern was refused, for as long as it has it.
    Result<Call> poll();
    /// Waits for the next call, and for a broker: spins, then sleeps. Errors: timed_out,
    /// would_block (interrupted), as `poll` otherwise.
    Result<Call> next(std::chrono::milliseconds timeout);
    /// Ends the `next` that is under way, or else the next one that would wait, with would_block.
    void interrupt() noexcept;

    /// Answers calls of the names that match this, too; its id: they count up from 1, and are never
    /// used again. Does not wait: what the broker says of it comes later, see OnSettled.
    /// Errors: bad_pattern, lane_limit (the session declares `limits::declarations_per_session_max`
    /// things already).
    Result<std::uint64_t> add(std::string_view pattern);
    /// Withdraws it: calls that were not taken go to others, those that were may still be answered.
    /// One that is there no more: nothing.
    void remove(std::uint64_t pattern_id);
    /// Waits for what the broker says of it; no time: asks. Errors: those of OnSettled; timed_out,
    /// connection_lost, bad_request (there is no such pattern).
    Result<void> settle(std::uint64_t pattern_id, std::chrono::milliseconds timeout) const;

    class Impl;

private:
    friend class Client;
    explicit Provider(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// -- Listening -----------------------------------------------------------------------------------

enum class InterestKind : std::uint8_t {
    wanted,    ///< somebody watches the subject: provide it, or not
    unwanted,  ///< nobody does any more, or another listener has it
};

/// What a Listener is told. A subject that was `wanted` and accepted is this listener's alone until
/// it is `unwanted`.
struct Interest {
    InterestKind kind = InterestKind::wanted;
    std::string subject;           ///< name of a record or event
    std::uint64_t id = 0;          ///< tells times of the same subject apart
    std::uint64_t pattern_id = 0;  ///< which of the listener's patterns is asked
};

/// A place at which is told what of some patterns is watched, so that only that is provided. Each
/// pattern is asked as if it were a listener of its own: where two match a subject, or are equal,
/// the second is asked when the first has rejected it. When the grid is begun anew, it registers
/// there by itself, after all that it has provided was `unwanted`.
///
/// Thread safety: `poll` and `next` for one thread at a time; all others are for any thread.
class Listener {
public:
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();  ///< withdraws: what it provided goes to others

    /// The next thing that it is told. Errors: as of `Provider::poll`.
    Result<Interest> poll();
    /// Waits for it. Errors: as of `Provider::next`.
    Result<Interest> next(std::chrono::milliseconds timeout);
    /// As of a Provider.
    void interrupt() noexcept;

    /// As of a Provider.
    Result<std::uint64_t> add(std::string_view pattern);
    /// Withdraws it: what it provided goes to others. Nothing is said of that any more.
    void remove(std::uint64_t pattern_id);
    /// As of a Provider.
    Result<void> settle(std::uint64_t pattern_id, std::chrono::milliseconds timeout) const;

    /// Says that the subject is provided from here on. To be said within the broker's accept
    /// timeout (1 s); later, another listener has been asked, and `unwanted` follows. Of a subject
    /// that is unwanted by now, nothing is said.
    /// Errors of both: timed_out (the broker does not take it), connection_lost, lane_limit.
    Result<void> accept(const Interest& interest);
    /// Another listener is asked.
    Result<void> reject(const Interest& interest);

    class Impl;

private:
    friend class Client;
    explicit Listener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// -- With threads of their own -------------------------------------------------------------------

struct ServiceOptions {
    std::size_t threads = 1;  ///< that call the handler; each is a provider of its own
};

/// Threads that serve calls or follow interest with handlers, until it is destroyed (which waits
/// for handlers that are running, and up to 50 ms). What was provided is not said to be unwanted
/// then. With several threads the handlers are called at the same time.
///
/// A handler may destroy its own service: its thread ends when the handler returns. A CallHandler
/// that throws fails its call with `{"error": …, "what": …}`; a WantedHandler that throws rejects
/// the subject; an exception of an UnwantedHandler is dropped.
class Service {
public:
    Service(Service&&) noexcept;
    Service& operator=(Service&&) noexcept;
    ~Service();

    /// Whether its threads still serve; they end when the grid is gone for good.
    [[nodiscard]] bool is_serving() const noexcept;

    class Impl;

private:
    friend class Client;
    explicit Service(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Ends the call in one of its ways; a call that it leaves without an outcome is abandoned.
using CallHandler = std::function<void(Call& call)>;
/// Whether the subject is going to be provided.
using WantedHandler = std::function<bool(const std::string& subject)>;
using UnwantedHandler = std::function<void(const std::string& subject)>;

// -- Who is there --------------------------------------------------------------------------------

/// Says that a user is there, beside the one of the session itself (`ClientOptions::user`), for as
/// long as it lives: `$sys/presence/USER` is there as long as any session says so.
/// Thread safety: one thread at a time.
class Presence {
public:
    Presence(Presence&&) noexcept;
    Presence& operator=(Presence&&) noexcept;
    ~Presence();

    /// Says it to the grid again that has taken the place of one that was ended; to be called now
    /// and then. Errors: as of `Client::present`; permission_denied, when the broker has said so
    /// (whoever may only read may not).
    Result<void> renew();

    class Impl;

private:
    friend class Client;
    explicit Presence(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
