#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/record.hpp"

/// Calls, providers and listeners. Sessions exchange messages through the broker, which knows the
/// live sessions. When a process dies, another one replaces it, or its callers get an error.
namespace ringside {

// -- Calling -------------------------------------------------------------------------------------

/// Options of one call.
struct CallOptions {
    /// Maximum total time of the call, at most `limits::call_ms_max`. Zero: the broker's accept
    /// timeout (1 s per provider), then its response timeout (10 s), as configured. Error:
    /// bad_timeout.
    std::chrono::milliseconds timeout{0};
    /// Whether the call may be carried out more than once. If the provider or the broker dies, an
    /// idempotent call goes to the next provider. Other calls fail with provider_lost or
    /// connection_lost.
    bool idempotent = false;
};

/// Answer of a provider.
struct Answer {
    Document document;
    /// whether the provider reports a failure; `document` gives the reason
    bool is_failure = false;
};

/// Many concurrent calls in the lane of the calling thread. Tickets count up from 1. Answers come
/// in any order. The destructor cancels pending calls. The thread may read, write and call
/// meanwhile.
/// If the session is lost, all pending calls end with connection_lost. The next call uses the
/// client's new session.
/// Thread safety: must stay in the thread that created it.
///
///     auto calls = client.call_pipeline([](auto ticket, Result<Answer> answer) { … }).value();
///     for (auto& seat : seats) calls.call("quote", seat).value();
///     calls.wait_all(std::chrono::seconds(60)).value();
class CallPipeline {
public:
    /// Receives the outcome of each call. Errors: no_provider, provider_lost, timed_out,
    /// connection_lost, permission_denied, would_block, bad_name, name_too_long, reserved_name and
    /// those of documents.
    /// Called within `poll`, `wait` and `wait_all`. May use or destroy the CallPipeline, and is not
    /// called after the destruction. Its exceptions propagate out of the enclosing call.
    using OnAnswer = std::function<void(std::uint64_t ticket, Result<Answer> answer)>;

    CallPipeline(CallPipeline&&) noexcept;
    CallPipeline& operator=(CallPipeline&&) noexcept;
    ~CallPipeline();

    /// Sends a call and returns its ticket. Errors: those of JSON text, bad_timeout, would_block
    /// (`limits::calls_per_lane_max` calls are pending), timed_out (the lane is full),
    /// connection_lost.
    Result<std::uint64_t> call(std::string_view name, std::string_view json,
                               const CallOptions& = {});
    Result<std::uint64_t> call(std::string_view name, const Document& document,
                               const CallOptions& = {});

    /// Cancels a call: `on_answer` is not called for it.
    void cancel(std::uint64_t ticket);

    /// Hands out the available answers without waiting, and returns their number. Sends idempotent
    /// calls again that were lost with their broker.
    std::size_t poll();
    /// Waits until at least one answer is available, and hands out all. Errors: timed_out;
    /// would_block if no call is pending.
    Result<std::size_t> wait(std::chrono::milliseconds timeout);
    /// Ends the current `wait`, or else the next one, with 0. May be called from any thread.
    void interrupt() noexcept;
    /// Waits until no call is pending. Error: timed_out.
    Result<void> wait_all(std::chrono::milliseconds timeout);

    /// Number of calls whose answers have not been handed out.
    [[nodiscard]] std::size_t pending() const noexcept;

    class Impl;

private:
    friend class Client;
    explicit CallPipeline(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// -- Providing -----------------------------------------------------------------------------------

/// Receives the broker's decision on a pattern of a Provider or Listener: success, reserved_name,
/// permission_denied, bad_pattern (too long for its record) or lane_limit. A refused pattern stays
/// without effect until it is removed.
/// Called once per `add`, and again for each pattern when the grid was recreated. Called within
/// `poll` and `next`; it may add and remove patterns.
using OnRegistered = std::function<void(std::uint64_t pattern_id, const Result<void>& outcome)>;

/// A call that a Provider has taken. End it with `answer`, `fail`, `reject` or `abandon`, from any
/// thread. Destroying a call that has not ended abandons it, since it may have been carried out.
/// Thread safety: one thread at a time.
class Call {
public:
    Call(Call&&) noexcept;
    Call& operator=(Call&&) noexcept;
    ~Call();

    /// Returns the called name. Valid as long as the call.
    [[nodiscard]] std::string_view name() const noexcept;
    /// Pattern of the Provider for which the call was offered.
    [[nodiscard]] std::uint64_t pattern_id() const noexcept;
    /// Returns the caller's document. Valid as long as the call.
    [[nodiscard]] Value document() const noexcept;
    /// Returns the encoded document.
    [[nodiscard]] ByteView bytes() const noexcept;
    /// Time at which the caller stops waiting. If the caller gave no timeout, taking the call
    /// extends the deadline.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept;
    /// Returns whether the caller has cancelled, as far as `poll` or `next` of the Provider has
    /// seen.
    [[nodiscard]] bool is_cancelled() const noexcept;

    // Errors that leave the call open: those of JSON text and documents, timed_out (the broker does
    // not read the lane), connection_lost, lane_limit. Error bad_request: the call has already
    // ended.
    // An answer that comes too late is dropped without an error.
    Result<void> answer(std::string_view json);
    Result<void> answer(const Document& document);
    /// Ends the call with a failure: the caller gets this document.
    Result<void> fail(std::string_view json);
    Result<void> fail(const Document& document);
    /// States that the call was not carried out, and passes it to the next provider.
    Result<void> reject();
    /// Says that the call may have been carried out and gets no answer. Its caller gets
    /// provider_lost; a call that is idempotent goes to the next provider.
    Result<void> abandon();

    class Impl;

private:
    friend class Provider;
    explicit Call(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;  ///< shared with the Provider
};

/// Receives calls to some names, through its own lane. Several providers share the load, whether
/// they are in one process or in several. A provider can have many patterns, and the broker treats
/// each as a separate provider. `limits::calls_per_provider_max` bounds the open calls of all its
/// patterns.
/// When the grid is recreated, the provider registers again and its open calls are cancelled.
///
/// Thread safety: `poll` and `next` for one thread at a time; other members from any thread.
///
///     auto provider = client.provide("quote/*").value();
///     while (auto call = provider.next(std::chrono::seconds(60))) call->answer("4200").value();
class Provider {
public:
    Provider(Provider&&) noexcept;
    Provider& operator=(Provider&&) noexcept;
    /// Withdraws: calls that were not taken go to other providers. Taken calls may still be
    /// answered.
    ~Provider();

    /// Takes the next call. Errors: would_block (no call), no_such_grid and no_broker (temporary:
    /// keep polling). Permanent errors: connection_lost, lane_limit. A Provider without an
    /// OnRegistered also returns the reason for a refused pattern, until that pattern is removed.
    Result<Call> poll();
    /// Waits for the next call, and for a broker: spins, then sleeps. Errors: timed_out,
    /// would_block (interrupted), otherwise those of `poll`.
    Result<Call> next(std::chrono::milliseconds timeout);
    /// Ends the current `next`, or else the next one that would wait, with would_block.
    void interrupt() noexcept;

    /// Adds a pattern and returns its id. Ids count up from 1 and are never reused. Does not wait
    /// for the broker's decision: see OnRegistered.
    /// Errors: bad_pattern, lane_limit (the session has `limits::declarations_per_session_max`
    /// declarations).
    Result<std::uint64_t> add(std::string_view pattern);
    /// Withdraws a pattern. Calls that were not taken go to other providers; taken calls may still
    /// be answered. Has no effect if the pattern does not exist.
    void remove(std::uint64_t pattern_id);
    /// Waits for the broker's decision on a pattern. A timeout of zero only checks. Errors: those
    /// of OnRegistered; timed_out, connection_lost, bad_request (no such pattern).
    Result<void> wait_registered(std::uint64_t pattern_id, std::chrono::milliseconds timeout) const;

    [[deprecated("use wait_registered")]] Result<void> settle(
        std::uint64_t pattern_id, std::chrono::milliseconds timeout) const {
        return wait_registered(pattern_id, timeout);
    }

    class Impl;

private:
    friend class Client;
    explicit Provider(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// -- Listening -----------------------------------------------------------------------------------

/// Kind of a notice to a listener.
enum class InterestKind : std::uint8_t {
    wanted,    ///< the subject is watched: accept or reject it
    unwanted,  ///< nobody watches the subject now, or another listener provides it
};

/// Notice for a Listener. After `wanted` and `accept`, only this listener provides the subject,
/// until `unwanted`.
struct Interest {
    InterestKind kind = InterestKind::wanted;
    std::string subject;           ///< name of a record or event
    std::uint64_t id = 0;          ///< distinguishes successive notices for one subject
    std::uint64_t pattern_id = 0;  ///< pattern of the listener that matched
};

/// Receives notice of which matching subjects are watched, so that only those are provided. The
/// broker treats each pattern as a separate listener. If two patterns match a subject, the second
/// is asked after the first has rejected it. When the grid is recreated, the listener gets
/// `unwanted` for everything it provides, and then registers again.
///
/// Thread safety: `poll` and `next` for one thread at a time; other members from any thread.
class Listener {
public:
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();  ///< withdraws: its subjects go to other listeners

    /// Returns the next notice. Errors: those of `Provider::poll`.
    Result<Interest> poll();
    /// Waits for the next notice. Errors: those of `Provider::next`.
    Result<Interest> next(std::chrono::milliseconds timeout);
    /// See Provider::interrupt.
    void interrupt() noexcept;

    /// See Provider::add.
    Result<std::uint64_t> add(std::string_view pattern);
    /// Withdraws a pattern: its subjects go to other listeners. No further notices follow for it.
    void remove(std::uint64_t pattern_id);
    /// See Provider::wait_registered.
    Result<void> wait_registered(std::uint64_t pattern_id, std::chrono::milliseconds timeout) const;

    /// Declares that this listener provides the subject from now on. Call it within the broker's
    /// accept timeout (1 s). Later, another listener has been asked, and `unwanted` follows. Has no
    /// effect on a subject that is already unwanted.
    /// Errors of both: timed_out (the broker does not read the lane), connection_lost, lane_limit.
    Result<void> accept(const Interest& interest);
    /// Declines the subject: the broker asks another listener.
    Result<void> reject(const Interest& interest);

    [[deprecated("use wait_registered")]] Result<void> settle(
        std::uint64_t pattern_id, std::chrono::milliseconds timeout) const {
        return wait_registered(pattern_id, timeout);
    }

    class Impl;

private:
    friend class Client;
    explicit Listener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

using Calls [[deprecated("use CallPipeline")]] = CallPipeline;
using OnSettled [[deprecated("use OnRegistered")]] = OnRegistered;

// -- Services with threads -----------------------------------------------------------------------

struct ServiceOptions {
    std::size_t threads = 1;  ///< threads that call the handler; each is a separate provider
};

/// Threads that serve calls or follow interest with handlers. The destructor waits for running
/// handlers, and up to 50 ms. It does not call `on_unwanted` for provided subjects. With several
/// threads, handlers run concurrently.
///
/// A handler may destroy its own service: its thread ends when the handler returns. If a
/// CallHandler throws, the call fails with `{"error": …, "what": …}`. If a WantedHandler throws,
/// the subject is rejected. Exceptions of an UnwantedHandler are dropped.
///
/// Thread safety: `is_serving` may be called from any thread.
class Service {
public:
    Service(Service&&) noexcept;
    Service& operator=(Service&&) noexcept;
    ~Service();

    /// Returns whether its threads still serve. They end when the grid is gone permanently.
    [[nodiscard]] bool is_serving() const noexcept;

    class Impl;

private:
    friend class Client;
    explicit Service(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Ends the call in one of its ways. A call that the handler does not end is abandoned.
using CallHandler = std::function<void(Call& call)>;
/// Returns whether to provide the subject.
using WantedHandler = std::function<bool(const std::string& subject)>;
using UnwantedHandler = std::function<void(const std::string& subject)>;

// -- Presence -----------------------------------------------------------------------------------

/// Declares the presence of a user during its lifetime, in addition to `ClientOptions::user`.
/// `$sys/presence/USER` exists as long as any session declares the user.
/// Thread safety: one thread at a time.
class Presence {
public:
    Presence(Presence&&) noexcept;
    Presence& operator=(Presence&&) noexcept;
    ~Presence();

    /// Repeats the declaration if the grid was replaced; call it from time to time. Errors: those
    /// of `Client::announce_presence`; permission_denied if the broker has refused the declaration
    /// (sessions with the reader role only must not declare users).
    Result<void> renew();

    class Impl;

private:
    friend class Client;
    explicit Presence(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
