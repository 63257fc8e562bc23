#include "tools/kafka/source/committer.hpp"

#include <utility>

namespace ringside::kafka {

namespace {

/// After this time without an answer, the session is checked.
constexpr std::chrono::seconds silence_max{1};

bool is_loss(Errc code) noexcept {
    return code == Errc::connection_lost || code == Errc::session_closed;
}

}  // namespace

Committer::Committer(Client& client, std::function<void()> on_loss)
    : client_(&client), on_loss_(std::move(on_loss)) {}

Committer::~Committer() {
    for (OnAnswer& on_answer : due_) on_answer = nullptr;
}

Result<Pipeline*> Committer::pipeline() {
    if (pipeline_) return &*pipeline_;
    PipelineOptions options;
    options.on_reply = [this](std::uint64_t, const Result<WriteResult>& answer) {
        const OnAnswer on_answer = std::move(due_.front());
        due_.pop_front();
        answered_at_ = std::chrono::steady_clock::now();
        if (on_answer) on_answer(answer);
    };
    auto made = client_->pipeline(std::move(options));
    if (!made) return made.error();
    pipeline_.emplace(*std::move(made));
    return &*pipeline_;
}

void Committer::lose(const Error& error) {
    pipeline_.reset();
    while (!due_.empty()) {
        const OnAnswer on_answer = std::move(due_.front());
        due_.pop_front();
        if (on_answer) on_answer(Error(Errc::connection_lost, error.detail));
    }
    on_loss_();
}

Result<void> Committer::send(const Transaction& transaction, OnAnswer on_answer) {
    auto ready = pipeline();
    if (!ready) return ready.error();
    if (due_.empty()) answered_at_ = std::chrono::steady_clock::now();
    due_.push_back(std::move(on_answer));
    const auto sent = (*ready)->commit(transaction);
    if (sent) return {};
    due_.pop_back();
    if (is_loss(sent.error().code)) lose(sent.error());
    return sent.error();
}

Result<void> Committer::put(const std::string& name, std::string_view json,
                            const WriteOptions& options) {
    auto ready = pipeline();
    if (!ready) return ready.error();
    if (due_.empty()) answered_at_ = std::chrono::steady_clock::now();
    due_.emplace_back();
    const auto sent = (*ready)->put(name, json, options);
    if (sent) return {};
    due_.pop_back();
    if (is_loss(sent.error().code)) lose(sent.error());
    return sent.error();
}

Result<void> Committer::poll() {
    if (due_.empty()) return {};
    pipeline_->poll();
    const bool is_silent =
        !due_.empty() && std::chrono::steady_clock::now() - answered_at_ > silence_max;
    return is_silent ? drain() : Result<void>();
}

Result<void> Committer::drain() {
    if (due_.empty()) return {};
    auto drained = pipeline_->flush();
    if (!drained && drained.error() != Errc::timed_out) lose(drained.error());
    return drained;
}

}  // namespace ringside::kafka
