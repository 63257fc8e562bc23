#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "attachment.hpp"

namespace ringside::detail {

/// Tells what the broker says of a declaration. It may outlive the declaration: then nothing more
/// is said. Thread safety: all members.
class Receipt {
public:
    Receipt(std::shared_ptr<Attachment> attachment, std::size_t place,
            std::uint32_t sequence) noexcept
        : attachment_(std::move(attachment)), place_(place), sequence_(sequence) {}

    /// By which the broker names the declaration, too.
    [[nodiscard]] std::uint64_t number() const noexcept {
        return shm::Declaration::number(static_cast<std::uint32_t>(place_), sequence_);
    }

    /// Nothing yet, ok, or why not. Nothing is ever said of watches.
    [[nodiscard]] std::optional<Errc> outcome() const noexcept;

    /// Waits for it. Further errors: timed_out, connection_lost.
    [[nodiscard]] Result<void> settle(const Patience& patience) const;

private:
    friend class Declared;
    [[nodiscard]] shm::Declaration& declaration() const noexcept {
        return attachment_->memory().declaration(place_);
    }

    std::shared_ptr<Attachment> attachment_;  ///< null: moved from
    std::size_t place_;
    std::uint32_t sequence_;  ///< that the outcome will name
};

/// Something that the broker is told for as long as this lives; see shm/lane/declaration.hpp.
/// Thread safety: one thread at a time.
class Declared {
public:
    /// `lane`: where deliveries are to go, of providers and listeners. Does not wait for anything.
    /// REQUIRES: `text` is a pattern or user. Error: lane_limit.
    static Result<Declared> make(std::shared_ptr<Attachment> attachment, shm::DeclarationKind kind,
                                 std::size_t lane, std::string_view text);
    Declared(Declared&& other) noexcept;
    Declared& operator=(Declared&& other) noexcept;
    ~Declared();  ///< withdraws it

    [[nodiscard]] const Receipt& receipt() const noexcept { return receipt_; }

private:
    explicit Declared(Receipt receipt) noexcept : receipt_(std::move(receipt)) {}

    Receipt receipt_;
};

}  // namespace ringside::detail
