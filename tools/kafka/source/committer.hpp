#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// Sends transactions to the grid without waiting for each, and makes a new session when the grid
/// was begun anew. Thread safety: one thread, the same for ever.
class Committer {
public:
    /// The answer to one transaction; each gets exactly one. A session that was lost answers with
    /// connection_lost, and then it is not known whether it happened.
    using OnAnswer = std::function<void(const Result<WriteResult>& answer)>;

    /// `on_loss` is called after the answers of a session that was lost.
    Committer(Client& client, std::function<void()> on_loss);
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;
    /// Waits for the answers still due, at most the client's timeout, and tells nobody.
    ~Committer();

    /// Answers come in the order of what was sent, from within every call here.
    /// Error: it was not sent, for one of the reasons of `Pipeline::commit` and `Client::pipeline`.
    Result<void> send(const Transaction& transaction, OnAnswer on_answer);

    /// Writes a record whose answer nobody waits for. Errors: as `send`.
    Result<void> put(const std::string& name, std::string_view json, const WriteOptions& options);

    /// Takes the answers that are there. Does not wait, unless none has come for long.
    /// Errors: as `drain`.
    Result<void> poll();

    /// Waits until everything is answered. Errors: timed_out (the broker is gone or does not
    /// answer; the answers may still come), those of a session that was lost.
    Result<void> drain();

    [[nodiscard]] std::size_t pending() const noexcept { return due_.size(); }

private:
    Result<Pipeline*> pipeline();
    void lose(const Error& error);

    Client* client_;
    std::function<void()> on_loss_;
    std::deque<OnAnswer> due_;
    std::optional<Pipeline> pipeline_;
    std::chrono::steady_clock::time_point answered_at_;
};

}  // namespace ringside::kafka
