#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tools/kafka/message.hpp"

namespace ringside::kafka {

/// A message that is kept until the grid has taken it. Owns memory of its origin, which the
/// destructor releases. Move-only. Thread safety: none.
class KeptMessage {
public:
    /// The operations on messages of one origin.
    struct Origin {
        /// Returns the message. `headers` receives its headers; null if they are not needed.
        MessageView (*view)(const void* message, std::vector<Header>* headers);
        void (*give_back)(void* message) noexcept;
    };

    KeptMessage(const Origin& origin, void* message, std::int64_t offset) noexcept
        : origin_(&origin), message_(message), offset_(offset) {}
    KeptMessage(KeptMessage&& other) noexcept
        : origin_(other.origin_),
          message_(std::exchange(other.message_, nullptr)),
          offset_(other.offset_),
          is_refused_(other.is_refused_) {}
    KeptMessage& operator=(KeptMessage&& other) noexcept {
        std::swap(origin_, other.origin_);
        std::swap(message_, other.message_);
        std::swap(offset_, other.offset_);
        std::swap(is_refused_, other.is_refused_);
        return *this;
    }
    ~KeptMessage() {
        if (message_ != nullptr) origin_->give_back(message_);
    }

    [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

    /// Valid as long as the message; its headers until the next call with the same vector.
    [[nodiscard]] MessageView view(std::vector<Header>* headers = nullptr) const {
        return origin_->view(message_, headers);
    }

    /// Marks the message as refused and settled: it no longer writes anything.
    void mark_refused() noexcept { is_refused_ = true; }
    [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

private:
    const Origin* origin_;
    void* message_;
    std::int64_t offset_;
    bool is_refused_ = false;
};

}  // namespace ringside::kafka
