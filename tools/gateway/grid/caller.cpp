#include "tools/gateway/grid/caller.hpp"

namespace ringside::gateway {

Caller::Caller(Client& client, Executor loop)
    : client_(client), loop_(std::move(loop)), thread_([this] { run(); }) {}

Caller::~Caller() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        if (calls_ != nullptr) calls_->interrupt();
    }
    has_orders_.notify_one();
    thread_.join();
}

Task<Caller::Outcome> Caller::call(std::string name, Content content, CallOptions options) {
    return completed_by<Outcome>(
        [this, order = Order{std::move(name), std::move(content), options, {}}](
            Completion<Outcome> done) mutable {
            order.done = std::move(done);
            const std::lock_guard lock(mutex_);
            orders_.push_back(std::move(order));
            if (calls_ != nullptr) calls_->interrupt();
            else has_orders_.notify_one();
        });
}

/// Returns false if the thread must end.
bool Caller::take_orders(std::vector<Order>& into, bool waits) {
    std::unique_lock lock(mutex_);
    if (waits) has_orders_.wait(lock, [this] { return is_stopping_ || !orders_.empty(); });
    into.swap(orders_);
    return !is_stopping_;
}

void Caller::run() {
    const auto on_answer = [this](std::uint64_t ticket, Outcome outcome) {
        const auto at = under_way_.find(ticket);
        if (at == under_way_.end()) return;
        complete(std::move(at->second), std::move(outcome));
        under_way_.erase(at);
    };
    std::vector<Order> orders;
    while (take_orders(orders, true)) {
        auto calls = client_.call_pipeline(on_answer);
        if (!calls) {
            for (Order& order : std::exchange(orders, {})) {
                complete(std::move(order.done), calls.error());
            }
            continue;
        }
        bool goes_on = true;
        begin(*calls, orders);
        while (goes_on && calls->pending() > 0) {
            {
                const std::lock_guard lock(mutex_);
                if (orders_.empty() && !is_stopping_) calls_ = &*calls;
            }
            // Answers carry their failures, and an hour without an answer is not one.
            if (calls_ != nullptr) static_cast<void>(calls->wait(std::chrono::hours(1)));
            {
                const std::lock_guard lock(mutex_);
                calls_ = nullptr;
            }
            goes_on = take_orders(orders, false);
            begin(*calls, orders);
        }
        if (!goes_on) break;
    }
    for (Order& order : orders) complete(std::move(order.done), Error(Errc::connection_lost));
    end_all(Error(Errc::connection_lost));
}

void Caller::begin(CallPipeline& calls, std::vector<Order>& orders) {
    for (Order& order : std::exchange(orders, {})) {
        const Document* document = order.content.document();
        auto ticket = document == nullptr
                          ? calls.call(order.name, order.content.json(), order.options)
                          : calls.call(order.name, *document, order.options);
        if (ticket) under_way_.emplace(*ticket, std::move(order.done));
        else complete(std::move(order.done), ticket.error());
    }
}

void Caller::complete(Completion<Outcome> done, Outcome outcome) {
    asio::post(loop_, [done = std::move(done), outcome = std::move(outcome)]() mutable {
        std::move(done)(std::move(outcome));
    });
}

void Caller::end_all(const Error& error) {
    for (auto& [ticket, done] : std::exchange(under_way_, {})) complete(std::move(done), error);
}

}  // namespace ringside::gateway
