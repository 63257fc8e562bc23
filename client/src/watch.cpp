#include "ringside/watch.hpp"

#include "watch_impl.hpp"

namespace ringside {

std::string_view name(WatchKind kind) noexcept {
    switch (kind) {
        case WatchKind::put: return "put";
        case WatchKind::patch: return "patch";
        case WatchKind::remove: return "remove";
        case WatchKind::expire: return "expire";
        case WatchKind::current: return "current";
        case WatchKind::lagged: return "lagged";
        case WatchKind::event: return "event";
        case WatchKind::provided: return "provided";
        case WatchKind::unprovided: return "unprovided";
    }
    return "unknown";
}

std::optional<Value> WatchEvent::value() const {
    const Value document = record.document();
    if (!document.exists()) return std::nullopt;
    if (pointer == nullptr) return document;
    return record.document().find(*pointer);
}

Result<Watch> Client::watch(std::string_view pattern, WatchOptions options) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    auto pointer = JsonPointer::parse(options.pointer);
    if (!pointer) return pointer.error();
    if (options.initial && options.from) {
        return Error(Errc::bad_request,
                     "a watch starts with the current state or at a revision, not both");
    }
    if (auto online = impl_->check_online(); !online) return online.error();
    auto attachment = impl_->attachment();
    if (attachment && (*attachment)->check_lost()) attachment = impl_->attachment();
    if (!attachment) return attachment.error();
    auto pin = detail::PinSlotHolder::take(std::move(*attachment));
    if (!pin) return pin.error();
    WatchFilter filter(std::move(*parsed), std::move(*pointer), options);
    auto watch = std::make_unique<Watch::Impl>(impl_, std::move(*pin), std::move(filter),
                                               std::move(options));
    if (auto begun = watch->begin(); !begun) return begun.error();
    return Watch(std::move(watch));
}

Result<Watch> Client::subscribe(std::string_view pattern, std::optional<Revision> from) const {
    return watch(pattern, {.mode = WatchMode::every, .what = WatchFor::events, .from = from});
}

Watch::Watch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&&) noexcept = default;
Watch::~Watch() = default;
Result<WatchEvent> Watch::poll() { return impl_->poll(); }
Result<WatchEvent> Watch::next(std::chrono::milliseconds timeout) { return impl_->next(timeout); }
Result<int> Watch::descriptor() { return impl_->descriptor(); }
Revision Watch::delivered() const noexcept { return impl_->delivered(); }
std::uint64_t Watch::epoch() const noexcept { return impl_->epoch(); }
bool Watch::affects(const JsonPointer& pointer) const { return impl_->affects(pointer); }

}  // namespace ringside
