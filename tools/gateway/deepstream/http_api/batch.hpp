#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/gateway/deepstream/http_api/carrier.hpp"

namespace ringside::gateway::deepstream {

/// Processes the messages of one request in order, within a time limit.
///
/// A message that begins after its permission was revoked is denied.
///
/// At the time limit, each completed message has its answer, and each other message gets an error.
/// The message in progress might still be carried out; later messages are not.
class Batch {
public:
    Batch(Hub& hub, Login login, Requester requester, std::vector<Jif> messages)
        : hub_(hub),
          login_(std::move(login)),
          generation_(hub.generation()),
          carrier_(hub, std::move(requester)),
          messages_(std::move(messages)) {}

    /// Returns the body of the response.
    static Task<std::string> run(std::shared_ptr<Batch> batch, std::chrono::milliseconds time);

    /// The limit for all results of one request.
    static constexpr std::size_t answer_bytes_max = 64U << 20;

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    static Task<void> carry_out(std::shared_ptr<Batch> batch);
    void check_rights();
    void add(Entry entry);
    [[nodiscard]] std::string finish();

    Hub& hub_;
    const Login login_;
    std::uint64_t generation_;  ///< of the configuration whose permissions the carrier has
    Carrier carrier_;
    const std::vector<Jif> messages_;
    std::optional<Timer> timer_;
    std::string entries_;
    std::size_t done_ = 0;
    std::size_t succeeded_ = 0;
    bool is_over_ = false;
};

}  // namespace ringside::gateway::deepstream
