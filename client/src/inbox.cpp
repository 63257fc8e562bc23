#include "inbox.hpp"

#include <algorithm>
#include <thread>

namespace ringside::detail {

namespace {

/// What a sleep grows to: bounds how long a stop, a new broker or the loss of the grid is not seen.
constexpr std::chrono::milliseconds slice_max{50};

}  // namespace

Result<std::unique_ptr<Inbox>> Inbox::open(std::shared_ptr<Client::Impl> client,
                                           shm::DeclarationKind kind, std::string_view pattern) {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    auto attachment = client->attachment();
    if (attachment && (*attachment)->check_lost()) attachment = client->attachment();
    if (!attachment) return attachment.error();
    std::unique_ptr<Inbox> inbox(new Inbox(std::move(client), kind, std::move(*parsed)));
    if (auto declared = inbox->declare(std::move(*attachment)); !declared) return declared.error();
    if (auto settled = inbox->declared_->settle(inbox->client_->patience()); !settled) {
        return settled.error();
    }
    inbox->is_settled_ = true;
    return inbox;
}

Inbox::~Inbox() { give_back(); }

Result<void> Inbox::declare(std::shared_ptr<Attachment> attachment) {
    auto channel = attachment->take_lane();
    if (channel == nullptr) return Error(Errc::lane_limit);
    give_back();
    attachment_ = std::move(attachment);
    channel_ = std::move(channel);
    auto made = Declared::make(attachment_, kind_, channel_->index(), pattern_.text());
    if (!made) return made.error();
    declared_ = std::move(*made);
    is_settled_ = false;
    return {};
}

/// Withdraws first: what the lane still gets is passed over by whoever has it next.
void Inbox::give_back() noexcept {
    declared_.reset();
    if (channel_ == nullptr) return;
    if (attachment_->is_of_parent()) channel_.reset();
    else attachment_->give_back_lane(std::move(channel_));
}

Result<const wire::Delivery*> Inbox::take() {
    const bool is_over =
        !attachment_->follow() || attachment_->is_lost() || attachment_->is_grid_over();
    if (is_over || !declared_) {
        if (is_over) attachment_->check_lost();
        auto attachment = client_->attachment_at_once();
        if (!attachment) return attachment.error();
        if (auto declared = declare(std::move(*attachment)); !declared) return declared.error();
    }
    if (!is_settled_) {
        const auto outcome = declared_->outcome();
        if (outcome && *outcome != Errc::ok) return Error(*outcome);
        is_settled_ = outcome.has_value();
    }
    while (const auto reply = channel_->take_one()) {
        if (reply->delivery() != nullptr) return reply->delivery();
    }
    return Error(Errc::would_block);
}

void Inbox::wait(Clock::time_point deadline, const std::atomic<bool>* stop) {
    if (attachment_->is_lost()) {
        std::this_thread::sleep_for(
            std::min<std::chrono::nanoseconds>(slice_max, deadline - Clock::now()));
        return;
    }
    Patience patience = client_->patience_with_others();
    patience.slice_max = slice_max;
    // Whatever ends it, the next `take` looks what it was.
    static_cast<void>(channel_->await_any(deadline, patience, stop));
}

}  // namespace ringside::detail
