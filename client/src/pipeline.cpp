#include <deque>
#include <optional>

#include "client_impl.hpp"
#include "command.hpp"
#include "transaction_impl.hpp"

namespace ringside {

using detail::Channel;

/// Requests of one lane that are not answered yet. Tickets count this pipeline's writes; replies
/// come in their order, between those to others of the lane's requests.
class Pipeline::Impl {
public:
    Impl(std::shared_ptr<Client::Impl> client, detail::ThreadLane& lane, PipelineOptions options)
        : client_(std::move(client)),
          attachment_(lane.shared_attachment()),
          channel_(&lane.channel()),
          options_(std::move(options)) {
        channel_->on_reply = [this](const shm::ReplyView& reply) { take(reply); };
    }
    ~Impl() {
        if (is_usable()) static_cast<void>(flush());
        if (!attachment_->is_of_parent()) channel_->on_reply = nullptr;
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<std::uint64_t> submit(wire::CommandKind kind, std::string_view name,
                                 std::string_view pointer, ByteView document,
                                 const WriteOptions& options) {
        auto terms = detail::terms_of(options);
        if (!terms) return terms.error();
        if (!is_usable()) return attachment_->loss();
        channel_->request.append(kind, name, pointer, document, *terms);
        // While the broker serves the request before, it can load what this one needs.
        const shm::RecordTableReader table(attachment_->segment());
        return send(options.grade, shm::RecordTableReader::hint_of(table.hash(name)));
    }
    Result<std::uint64_t> publish(std::string_view subject, ByteView document) {
        if (!is_usable()) return attachment_->loss();
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
        if (!is_usable()) return attachment_->loss();
        if (auto encoded = transaction.encode_into(channel_->request); !encoded) {
            channel_->request.clear();
            return encoded.error();
        }
        return send(transaction.grade);
    }

    std::size_t poll() { return is_usable() ? channel_->take_replies() : 0; }

    Result<void> flush() {
        const auto patience = client_->patience();
        const auto deadline = std::chrono::steady_clock::now() + patience.timeout;
        channel_->ring_doorbell();
        while (pending() > 0) {
            if (channel_->take_replies() > 0) continue;
            if (auto waited = channel_->await_any(deadline, patience); !waited) return waited;
        }
        if (first_error_) return *std::exchange(first_error_, std::nullopt);
        return {};
    }

    [[nodiscard]] std::size_t pending() const noexcept { return submitted_ - answered_; }

private:
    /// How many submissions pass before replies are looked for.
    static constexpr std::uint64_t poll_interval = 64;

    [[nodiscard]] bool is_usable() const noexcept { return !attachment_->is_lost(); }

    Result<std::uint64_t> send(Grade grade, std::uint32_t hint = 0) {
        const std::uint64_t number = channel_->next_number();
        // Before it is sent: a large one that is sent twice may be answered in between.
        numbers_.push_back(number);
        auto sent =
            channel_->send(number, channel_->request.finish(number, grade == Grade::durable),
                           options_.block, client_->patience(), hint);
        if (!sent) {
            numbers_.pop_back();
            return sent.error();
        }
        ++submitted_;
        channel_->ring_doorbell();
        if (submitted_ % poll_interval == 0) channel_->take_replies();
        return submitted_;
    }

    void take(const shm::ReplyView& reply) {
        // Others are of calls that timed out before, or of a write whose sending broke off.
        if (numbers_.empty() || reply.number() != numbers_.front()) return;
        numbers_.pop_front();
        ++answered_;
        if (reply.error() == Errc::ok) {
            if (options_.on_reply) {
                options_.on_reply(
                    answered_,
                    WriteResult{reply.revision(), reply.versions() > 0 ? reply.version(0) : 0});
            }
            return;
        }
        Error error = detail::error_of(reply);
        if (options_.on_reply) {
            options_.on_reply(answered_, error);
        } else if (!first_error_) {
            first_error_ = std::move(error);
        }
    }

    std::shared_ptr<Client::Impl> client_;
    std::shared_ptr<detail::Attachment> attachment_;
    Channel* channel_;
    PipelineOptions options_;
    std::deque<std::uint64_t> numbers_;  ///< of the requests that are not answered yet
    std::uint64_t submitted_ = 0;
    std::uint64_t answered_ = 0;
    std::optional<Error> first_error_;
};

Result<Pipeline> Client::pipeline(PipelineOptions options) {
    auto lane = impl_->lane();
    if (!lane) return lane.error();
    if ((*lane)->channel().on_reply) {
        return Error(Errc::would_block, "this thread has a pipeline already");
    }
    return Pipeline(std::make_unique<Pipeline::Impl>(impl_, **lane, std::move(options)));
}

Pipeline::Pipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

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
