#include "tools/gateway/deepstream/http_api/batch.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

Task<std::string> Batch::run(std::shared_ptr<Batch> batch, std::chrono::milliseconds time) {
    const Executor loop = co_await asio::this_coro::executor;
    batch->timer_.emplace(loop, time);
    spawn(loop, carry_out(batch), "a request of the HTTP API");
    // Waits until the time limit, or until the last message cancels the timer.
    if (batch->done_ < batch->messages_.size()) co_await batch->timer_->async_wait(use_task);
    co_return batch->finish();
}

Task<void> Batch::carry_out(std::shared_ptr<Batch> batch) {
    for (const Jif& message : batch->messages_) {
        batch->check_rights();
        Entry entry = co_await batch->carrier_.carry_out(message);
        if (batch->is_over_) co_return;
        batch->add(std::move(entry));
        // Yields to other work of the loop.
        co_await asio::post(batch->timer_->get_executor(), use_task);
        if (batch->is_over_) co_return;
    }
    batch->timer_->cancel();
}

void Batch::check_rights() {
    if (!hub_.options.logins->still_know(login_)) return carrier_.withdraw_rights();
    if (std::exchange(generation_, hub_.generation()) == hub_.generation()) return;
    carrier_.adopt(hub_.requester_for(login_, carrier_.requester().address));
}

void Batch::add(Entry entry) {
    if (entries_.size() + entry.json.size() > answer_bytes_max) entry = answer_too_large();
    if (done_++ > 0) entries_ += ',';
    entries_ += entry.json;
    succeeded_ += entry.is_success ? 1 : 0;
}

std::string Batch::finish() {
    is_over_ = true;
    while (done_ < messages_.size()) add(request_timed_out());
    const char* result = "PARTIAL_SUCCESS";
    if (succeeded_ == messages_.size()) result = "SUCCESS";
    if (succeeded_ == 0) result = "FAILURE";
    return fmt::format(R"({{"result":"{}","body":[{}]}})", result, entries_);
}

}  // namespace ringside::gateway::deepstream
