#include "offered_call.hpp"

#include <algorithm>

#include "command.hpp"

namespace ringside {

namespace {

std::chrono::milliseconds time_of(const wire::Delivery& offer) noexcept {
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(std::min(offer.timeout_ms(), limits::call_ms_max)));
}

}  // namespace

Call::Impl::Impl(std::shared_ptr<Client::Impl> client, std::shared_ptr<detail::Attachment> session,
                 const wire::Delivery& offer, std::uint64_t pattern_id)
    : client_(std::move(client)),
      session_(std::move(session)),
      id_(offer.id()),
      pattern_id_(pattern_id),
      deadline_(detail::Deadline::after(time_of(offer)).time()),
      document_bytes_(offer.document() == nullptr ? 0 : offer.document()->size()) {
    bytes_.reserve(document_bytes_ + offer.name()->size());
    if (document_bytes_ != 0) {
        bytes_.insert(bytes_.end(), offer.document()->begin(), offer.document()->end());
    }
    bytes_.insert(bytes_.end(), offer.name()->begin(), offer.name()->end());
}

Call::Impl::~Impl() {
    // The handler may have carried it out. A failure to send is not reported: the broker ends the
    // call at its deadline, or when this session ends.
    if (!has_ended_ && !is_cancelled()) static_cast<void>(end(wire::MessageKind::abandonment, {}));
}

Result<void> Call::Impl::end(wire::MessageKind kind, ByteView document) {
    if (has_ended_) return Error(Errc::bad_request, "the call has already ended");
    if (document.size() > limits::document_bytes_max) return Error(Errc::document_too_large);
    auto told = client_->tell(*session_, {.kind = kind, .id = id_, .document = document});
    has_ended_ = told.has_value();
    return told;
}

namespace {

Result<void> end_with_json(Call::Impl& call, wire::MessageKind kind, std::string_view json) {
    auto document = detail::encode(json);
    if (!document) return document.error();
    return call.end(kind, *document);
}

}  // namespace

Call::Call(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Call::Call(Call&&) noexcept = default;
Call& Call::operator=(Call&&) noexcept = default;
Call::~Call() = default;

std::string_view Call::name() const noexcept { return impl_->name(); }
std::uint64_t Call::pattern_id() const noexcept { return impl_->pattern_id(); }
Value Call::document() const noexcept { return Value::of(impl_->document()); }
ByteView Call::bytes() const noexcept { return impl_->document(); }
std::chrono::steady_clock::time_point Call::deadline() const noexcept { return impl_->deadline(); }
bool Call::is_cancelled() const noexcept { return impl_->is_cancelled(); }

Result<void> Call::answer(std::string_view json) {
    return end_with_json(*impl_, wire::MessageKind::answer, json);
}
Result<void> Call::answer(const Document& document) {
    return impl_->end(wire::MessageKind::answer, document.bytes());
}
Result<void> Call::fail(std::string_view json) {
    return end_with_json(*impl_, wire::MessageKind::failure, json);
}
Result<void> Call::fail(const Document& document) {
    return impl_->end(wire::MessageKind::failure, document.bytes());
}
Result<void> Call::reject() { return impl_->end(wire::MessageKind::rejection, {}); }
Result<void> Call::abandon() { return impl_->end(wire::MessageKind::abandonment, {}); }

}  // namespace ringside
