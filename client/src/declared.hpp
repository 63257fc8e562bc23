#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "attachment.hpp"

namespace ringside::detail {

/// Gives the broker's decision on a declaration. May outlive the declaration; then the decision
/// never changes. Thread safety: all members.
class Receipt {
public:
    Receipt(std::shared_ptr<Attachment> attachment, std::size_t place,
            std::uint32_t sequence) noexcept
        : attachment_(std::move(attachment)), place_(place), sequence_(sequence) {}

    /// Number by which the broker names the declaration.
    [[nodiscard]] std::uint64_t number() const noexcept {
        return shm::Declaration::number(static_cast<std::uint32_t>(place_), sequence_);
    }

    /// Returns nothing while undecided, ok, or the error. There is never a decision on watches.
    [[nodiscard]] std::optional<Errc> outcome() const noexcept;

    /// Waits for the decision. Further errors: timed_out, connection_lost.
    [[nodiscard]] Result<void> settle(const Patience& patience) const;

private:
    friend class Declared;
    [[nodiscard]] shm::Declaration& declaration() const noexcept {
        return attachment_->memory().declaration(place_);
    }

    std::shared_ptr<Attachment> attachment_;  ///< null if moved from
    std::size_t place_;
    std::uint32_t sequence_;  ///< named by the outcome
};

/// A declaration to the broker that exists as long as this object; see shm/lane/declaration.hpp.
/// Thread safety: one thread at a time.
class Declared {
public:
    /// `lane`: target of deliveries to providers and listeners. Does not wait.
    /// REQUIRES: `text` is a pattern or user. Error: lane_limit.
    static Result<Declared> make(std::shared_ptr<Attachment> attachment, shm::DeclarationKind kind,
                                 std::size_t lane, std::string_view text);
    Declared(Declared&& other) noexcept;
    Declared& operator=(Declared&& other) noexcept;
    ~Declared();  ///< withdraws the declaration

    [[nodiscard]] const Receipt& receipt() const noexcept { return receipt_; }

private:
    explicit Declared(Receipt receipt) noexcept : receipt_(std::move(receipt)) {}

    Receipt receipt_;
};

}  // namespace ringside::detail
