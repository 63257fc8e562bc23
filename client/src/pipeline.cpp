#include <deque>
#include <optional>

#include "client_impl.hpp"
#include "command.hpp"
#include "transaction_impl.hpp"

namespace ringside {

using detail::Channel;
using detail::Deadline;

/// Unanswered requests of one lane. Tickets count the writes of this pipeline. Replies arrive in
/// their order, mixed with replies to other requests of the lane.
///
/// A reply may arrive during a push. It is queued in `ended_` until the lane is consistent again.
/// Only then is the user called, who may use the pipeline, the client and the lane.
class Pipeline::Impl : public std::enable_shared_from_this<Pipeline::Impl> {
public:
    Impl(std::shared_ptr<Client::Impl> client, detail::ThreadLane& lane, PipelineOptions options)
        : client_(std::move(client)), options_(std::move(options)) {
        bind(lane);
    }
    ~Impl() {
        // An exception of the handler must not leave a destructor; the remaining answers are
        // dropped.
        try {
            if (is_usable()) static_cast<void>(flush());
        } catch (...) {  // NOLINT(bugprone-empty-catch)
        }
        if (has_channel()) channel_->on_reply = nullptr;
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<std::uint64_t> submit(wire::CommandKind kind, std::string_view name,
                                 std::string_view pointer, ByteView document,
                                 const WriteOptions& options) {
        auto terms = detail::terms_of(options);
        if (!terms) return terms.error();
        if (auto ready = make_usable(); !ready) return ready.error();
        channel_->request.append(kind, name, pointer, document, *terms);
        // While the broker serves the previous request, it can load the data of this one.
        const shm::RecordTableReader table(attachment_->segment());
        return send(options.grade, shm::RecordTableReader::hint_of(table.hash(name)));
    }
    Result<std::uint64_t> publish(std::string_view subject, ByteView document) {
        if (auto ready = make_usable(); !ready) return ready.error();
        channel_->request.publish(subject, document);
        return send(Grade::applied);
    }
    Result<std::uint64_t> publish_json(std::string_view subject, std::string_view json) {
        auto document = detail::encode(json, wire::CommandKind::publish);
        if (!document) return document.error();
        return publish(subject, *document);
    }
    Result<std::uint64_t> submit_json(wire::CommandKind kind, std::string_view name,
                                      std::string_view pointer, std::string_view json,
                                      const WriteOptions& options) {
        auto document = detail::encode(json, kind);
        if (!document) return document.error();
        return submit(kind, name, pointer, *document, options);
    }
    Result<std::uint64_t> submit(const Transaction::Impl& transaction) {
        if (auto ready = make_usable(); !ready) return ready.error();
        if (auto encoded = transaction.encode_into(channel_->request); !encoded) {
            channel_->request.clear();
            return encoded.error();
        }
        return send(transaction.grade);
    }

    std::size_t poll() {
        const std::size_t taken = is_usable() ? channel_->take_replies() : 0;
        hand_out();
        return taken;
    }

    /// Called when the user destroys the pipeline, possibly in its own handler, which is not called
    /// again.
    void close() noexcept { is_closed_ = is_handing_out_; }

    Result<void> flush() {
        const auto self = weak_from_this().lock();
        const std::uint64_t submitted = submitted_;
        const auto patience = client_->patience();
        const Deadline deadline = Deadline::after(patience.timeout);
        if (is_usable()) channel_->ring_doorbell();
        for (;;) {
            hand_out();
            if (!is_pending()) break;
            if (!is_usable()) {
                const Error loss = abandon_unanswered();
                hand_out();
                return first_error_ ? *std::exchange(first_error_, std::nullopt) : loss;
            }
            if (channel_->take_replies() > 0 || numbers_.empty()) {
                if (submitted_ == submitted || !deadline.has_passed()) continue;
                return Error(Errc::timed_out, "the pipeline's handler keeps writing");
            }
            auto waited = channel_->await_any(deadline, patience);
            if (!waited && is_usable()) return waited;
        }
        if (first_error_) return *std::exchange(first_error_, std::nullopt);
        return {};
    }

    [[nodiscard]] std::size_t pending() const noexcept { return numbers_.size() + ended_.size(); }

private:
    /// Number of submissions between checks for replies.
    static constexpr std::uint64_t poll_interval = 64;

    struct Ended {
        std::uint64_t ticket;
        Result<WriteResult> result;
    };

    void bind(detail::ThreadLane& lane) {
        attachment_ = lane.shared_attachment();
        channel_ = &lane.channel();
        tenancy_ = channel_->tenancy();
        channel_->on_reply = [this](const shm::ReplyView& reply) { take(reply); };
    }

    /// Returns whether the lane still belongs to the thread that created or bound the pipeline. In
    /// a forked child the channel does not exist.
    [[nodiscard]] bool has_channel() const noexcept {
        return !attachment_->is_of_parent() && channel_->tenancy() == tenancy_;
    }
    [[nodiscard]] bool is_usable() const noexcept {
        return !attachment_->is_lost() && has_channel();
    }
    /// Condition of `flush`. Within a handler, answers before its own are left to the outer call.
    [[nodiscard]] bool is_pending() const noexcept {
        return !numbers_.empty() || (!ended_.empty() && !is_handing_out_);
    }

    /// Moves to the client's new session if the former session has ended. Reports unanswered writes
    /// to the caller first. Errors: connection_lost, those of `Client::Impl::lane`, would_block
    /// (the thread has another pipeline in its lane).
    Result<void> make_usable() {
        if (is_usable() && attachment_->follow()) [[likely]]
            return {};
        if (!numbers_.empty()) {
            const Error loss = abandon_unanswered();
            hand_out();
            return loss;
        }
        if (has_channel()) channel_->on_reply = nullptr;
        auto lane = client_->lane_for_request();
        if (!lane) return lane.error();
        if ((*lane)->channel().on_reply) {
            return Error(Errc::would_block,
                         "this thread already has a pipeline; use that one, or close it first");
        }
        bind(**lane);
        return {};
    }

    /// Called when the session has ended: unanswered requests may have been carried out.
    Error abandon_unanswered() {
        Error loss =
            attachment_->is_lost()
                ? attachment_->loss()
                : Error(Errc::connection_lost, "the thread that owned this pipeline has ended");
        for (; !numbers_.empty(); numbers_.pop_front()) {
            ++answered_;
            if (options_.on_reply) ended_.push_back({answered_, loss});
        }
        return loss;
    }

    Result<std::uint64_t> send(Grade grade, std::uint32_t hint = 0) {
        const std::uint64_t number = channel_->next_number();
        // Before sending: a large request that is sent twice may be answered in between.
        numbers_.push_back(number);
        auto sent =
            channel_->send(number, channel_->request.finish(number, grade == Grade::durable),
                           options_.block, client_->patience(), hint);
        if (!sent) {
            numbers_.pop_back();
            hand_out();
            return sent.error();
        }
        const std::uint64_t ticket = ++submitted_;
        channel_->ring_doorbell();
        if (ticket % poll_interval == 0) channel_->take_replies();
        hand_out();
        return ticket;
    }

    /// Handles anything that arrives in the lane. Does not call the user, see Channel.
    void take(const shm::ReplyView& reply) {
        // Other replies belong to calls that have timed out, or to a write that was not sent
        // completely.
        if (numbers_.empty() || reply.number() != numbers_.front()) return;
        numbers_.pop_front();
        if (reply.error() != Errc::ok) {
            end(detail::error_of(reply));
        } else {
            end(WriteResult{reply.revision(), reply.versions() > 0 ? reply.version(0) : 0});
        }
    }

    void end(Result<WriteResult> result) {
        ++answered_;
        if (is_closed_) return;
        if (options_.on_reply) {
            ended_.push_back({answered_, std::move(result)});
        } else if (!result && !first_error_) {
            first_error_ = result.error();
        }
    }

    /// Calls the user for the answers that are available now. Answers that arrive during these
    /// calls wait for the next time, because a handler that writes causes more of them. The handler
    /// is not called again from within itself.
    void hand_out() {
        if (ended_.empty() || is_handing_out_) return;
        const auto self = weak_from_this().lock();
        struct Scope {
            explicit Scope(bool& is_open) noexcept : flag(is_open) { flag = true; }
            ~Scope() { flag = false; }
            Scope(const Scope&) = delete;
            Scope& operator=(const Scope&) = delete;
            bool& flag;
        } const scope(is_handing_out_);
        for (std::size_t left = ended_.size(); left > 0 && !is_closed_; --left) {
            const Ended ended = std::move(ended_.front());
            ended_.pop_front();
            options_.on_reply(ended.ticket, ended.result);
        }
        if (is_closed_) ended_.clear();
    }

    std::shared_ptr<Client::Impl> client_;
    std::shared_ptr<detail::Attachment> attachment_;
    Channel* channel_ = nullptr;
    std::uint64_t tenancy_ = 0;  ///< of the channel
    PipelineOptions options_;
    std::deque<std::uint64_t> numbers_;  ///< of the unanswered requests
    std::deque<Ended> ended_;            ///< answers not yet passed to the user
    bool is_handing_out_ = false;
    bool is_closed_ = false;
    std::uint64_t submitted_ = 0;
    std::uint64_t answered_ = 0;
    std::optional<Error> first_error_;
};

Result<Pipeline> Client::pipeline(PipelineOptions options) {
    auto lane = impl_->lane_for_request();
    if (!lane) return lane.error();
    if ((*lane)->channel().on_reply) {
        return Error(Errc::would_block,
                     "this thread already has a pipeline; use that one, or close it first");
    }
    return Pipeline(std::make_shared<Pipeline::Impl>(impl_, **lane, std::move(options)));
}

Pipeline::Pipeline(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&& other) noexcept {
    if (this == &other) return *this;
    const Pipeline former(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}
Pipeline::~Pipeline() {
    if (impl_ != nullptr) impl_->close();
}

Result<std::uint64_t> Pipeline::put(std::string_view name, std::string_view json,
                                    const WriteOptions& options) {
    return impl_->submit_json(wire::CommandKind::put, name, {}, json, options);
}
Result<std::uint64_t> Pipeline::put(std::string_view name, const Document& document,
                                    const WriteOptions& options) {
    return impl_->submit(wire::CommandKind::put, name, {}, document.bytes(), options);
}
Result<std::uint64_t> Pipeline::put_encoded(std::string_view name, ByteView document,
                                            const WriteOptions& options) {
    return impl_->submit(wire::CommandKind::put, name, {}, document, options);
}
Result<std::uint64_t> Pipeline::patch(std::string_view name, std::string_view pointer,
                                      std::string_view json, const WriteOptions& options) {
    return impl_->submit_json(wire::CommandKind::set_path, name, pointer, json, options);
}
Result<std::uint64_t> Pipeline::merge(std::string_view name, std::string_view json,
                                      const WriteOptions& options) {
    return impl_->submit_json(wire::CommandKind::merge, name, {}, json, options);
}
Result<std::uint64_t> Pipeline::remove(std::string_view name, const WriteOptions& options) {
    return impl_->submit(wire::CommandKind::remove, name, {}, {}, options);
}
Result<std::uint64_t> Pipeline::publish(std::string_view subject, std::string_view json) {
    return impl_->publish_json(subject, json);
}
Result<std::uint64_t> Pipeline::publish(std::string_view subject, const Document& document) {
    return impl_->publish(subject, document.bytes());
}
Result<std::uint64_t> Pipeline::publish_encoded(std::string_view subject, ByteView document) {
    return impl_->publish(subject, document);
}
Result<std::uint64_t> Pipeline::commit(const Transaction& transaction) {
    return impl_->submit(*transaction.impl_);
}
std::size_t Pipeline::poll() { return impl_->poll(); }
Result<void> Pipeline::flush() { return impl_->flush(); }
std::size_t Pipeline::pending() const noexcept { return impl_->pending(); }

}  // namespace ringside
