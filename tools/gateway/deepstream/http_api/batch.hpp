#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/gateway/deepstream/http_api/carrier.hpp"

namespace ringside::gateway::deepstream {

/// The messages of one request, carried out one after another, within a time.
///
/// When that time is over, those that are done have their answers, and the others are told so: one
/// that is under way may still come to be carried out, those behind it are not.
class Batch {
public:
    Batch(Hub& hub, Requester requester, std::vector<Jif> messages)
        : carrier_(hub, std::move(requester)), messages_(std::move(messages)) {}

    /// The answer's body.
    static Task<std::string> run(std::shared_ptr<Batch> batch, std::chrono::milliseconds time);

    /// Of all answers to one request.
    static constexpr std::size_t answer_bytes_max = 64U << 20;

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    static Task<void> carry_out(std::shared_ptr<Batch> batch);
    void add(Entry entry);
    [[nodiscard]] std::string finish();

    Carrier carrier_;
    const std::vector<Jif> messages_;
    std::optional<Timer> timer_;
    std::string entries_;
    std::size_t done_ = 0;
    std::size_t succeeded_ = 0;
    bool is_over_ = false;
};

}  // namespace ringside::gateway::deepstream
