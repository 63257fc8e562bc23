#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "client_impl.hpp"
#include "ringside/messaging.hpp"

namespace ringside {

/// Copy of a taken offer: the bytes in the ring are overwritten after the next delivery.
class Call::Impl {
public:
    Impl(std::shared_ptr<Client::Impl> client, std::shared_ptr<detail::Attachment> session,
         const wire::Delivery& offer, std::uint64_t pattern_id);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] std::uint64_t pattern_id() const noexcept { return pattern_id_; }
    [[nodiscard]] ByteView document() const noexcept {
        return ByteView(bytes_).first(document_bytes_);
    }
    [[nodiscard]] std::string_view name() const noexcept {
        const ByteView name = ByteView(bytes_).subspan(document_bytes_);
        return {reinterpret_cast<const char*>(name.data()), name.size()};
    }
    [[nodiscard]] detail::Clock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] bool is_cancelled() const noexcept {
        return is_cancelled_.load(std::memory_order_relaxed);
    }
    /// Called by the Provider's thread, which may differ from the call's.
    void cancel() noexcept { is_cancelled_.store(true, std::memory_order_relaxed); }

    /// Errors: those of the public members; bad_request if the call has already ended.
    Result<void> end(wire::MessageKind kind, ByteView document);

private:
    std::shared_ptr<Client::Impl> client_;
    std::shared_ptr<detail::Attachment> session_;  ///< that took the call
    const std::uint64_t id_;
    const std::uint64_t pattern_id_;
    const detail::Clock::time_point deadline_;
    std::atomic<bool> is_cancelled_ = false;
    bool has_ended_ = false;
    std::size_t document_bytes_;
    Bytes bytes_;  ///< the document, which must be aligned, and then the name
};

}  // namespace ringside
