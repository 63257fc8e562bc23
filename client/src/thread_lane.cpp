#include "thread_lane.hpp"

#include <cassert>

namespace ringside::detail {

ThreadLane::ThreadLane(std::shared_ptr<Attachment> attachment,
                       std::unique_ptr<Channel> channel) noexcept
    : attachment_(std::move(attachment)),
      channel_(std::move(channel)),
      table_(attachment_->segment()),
      pin_word_(&channel_->control().pin.pin),
      horizon_(&attachment_->segment().header().horizon),
      light_(attachment_->has_light_pins()),
      generation_(attachment_->generation()) {}

ThreadLane::~ThreadLane() { static_cast<void>(give_back()); }

bool ThreadLane::follow() noexcept {
    if (!attachment_->follow()) {
        unpin();
        return false;
    }
    generation_ = attachment_->generation();
    return true;
}

void ThreadLane::abandon(ThreadLane* lane) noexcept {
    lane->ending_.fetch_or(without_thread, std::memory_order_relaxed);
    if (lane->depth_.load(std::memory_order_relaxed) == 0) delete lane;
}

/// Both the lane's thread and the client's thread may see that the lane ends. If both check at the
/// same moment, both may miss it. Then the thread finds out at its next use of the library, or when
/// it ends.
std::shared_ptr<Attachment> ThreadLane::let_client_go() noexcept {
    // SYNC lane-ending: pairs with leave().
    ending_.fetch_or(without_client, std::memory_order_seq_cst);
    // SYNC lane-depth: pairs with leave(); the reads under the lane's pin are done.
    if (depth_.load(std::memory_order_acquire) != 0) return nullptr;
    return give_back();
}

/// Called when the last record was released.
void ThreadLane::end() noexcept {
    if ((ending_.load(std::memory_order_relaxed) & without_thread) != 0) {
        delete this;
    } else {
        static_cast<void>(give_back());
    }
}

/// Runs once. In a forked child it does not access the session's memory.
std::shared_ptr<Attachment> ThreadLane::give_back() noexcept {
    // SYNC lane-returned: pairs with itself in another thread: one of them gives the lane back.
    if (is_given_back_.exchange(true, std::memory_order_acq_rel)) return nullptr;
    if (!attachment_->is_of_parent()) attachment_->give_back_lane(std::move(channel_));
    return std::move(attachment_);
}

}  // namespace ringside::detail

namespace ringside {

Result<ByteView> RecordView::encode(DocumentBuilder& into) const {
    if (pages_ == nullptr) return document_;
    return encode_whole(document(), into);
}

Record& Record::operator=(Record&& other) noexcept {
    if (this == &other) return *this;
    if (lane_ != nullptr) unpin();
    RecordView::operator=(other);
    lane_ = std::exchange(other.lane_, nullptr);
    return *this;
}

void Record::unpin() noexcept { lane_->unpin(); }

Result<void> Record::check() const {
    if (lane_ != nullptr && lane_->is_revoked()) return Error(Errc::snapshot_expired);
    return {};
}

Result<Document> Document::parse(std::string_view json, const DocumentLimits& limits) {
    auto encoded = document_from_json(json, limits);
    if (!encoded) return encoded.error();
    return Document(std::move(*encoded));
}

Result<Document> Document::copy(const Value& value, const DocumentLimits& limits) {
    DocumentBuilder builder;
    builder.clear({.limits = limits});
    builder.value(value);
    const auto encoded = builder.finish();
    if (!encoded) return encoded.error();
    return Document(Bytes(encoded->begin(), encoded->end()));
}

}  // namespace ringside
