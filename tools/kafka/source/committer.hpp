#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// Sends transactions to the grid without waiting for each, and creates a new session if the grid
/// was recreated. Thread safety: always the same thread.
class Committer {
public:
    /// Receives the answer to one transaction, exactly once. A lost session answers
    /// connection_lost; the transaction may have been applied then.
    using OnAnswer = std::function<void(const Result<WriteResult>& answer)>;

    /// `on_loss` is called after the answers of a lost session.
    Committer(Client& client, std::function<void()> on_loss);
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;
    /// Waits for outstanding answers, at most the client's timeout, and does not report them.
    ~Committer();

    /// Sends a transaction. Answers arrive in the order of sending, from within any call here.
    /// Error: it was not sent, for one of the reasons of `Pipeline::commit` and `Client::pipeline`.
    Result<void> send(const Transaction& transaction, OnAnswer on_answer);

    /// Writes a record whose answer is ignored. Errors: as `send`.
    Result<void> put(const std::string& name, std::string_view json, const WriteOptions& options);

    /// Processes available answers. Does not wait, unless none has arrived for long.
    /// Errors: as `drain`.
    Result<void> poll();

    /// Waits for all answers. Errors: timed_out (the broker is gone or does not answer; the answers
    /// may still arrive), those of a lost session.
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
