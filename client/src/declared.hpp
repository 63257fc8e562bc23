#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "attachment.hpp"

namespace ringside::detail {

/// Something that the broker is told for as long as this lives; see shm/lane/declaration.hpp.
/// Thread safety: one thread at a time.
class Declared {
public:
    /// `lane`: where deliveries are to go, of providers and listeners.
    /// REQUIRES: `pattern` is one. Error: lane_limit.
    static Result<Declared> make(std::shared_ptr<Attachment> attachment, shm::DeclarationKind kind,
                                 std::size_t lane, std::string_view pattern);
    Declared(Declared&& other) noexcept;
    Declared& operator=(Declared&& other) noexcept;
    ~Declared();  ///< withdraws it

    /// What the broker says of a provider or listener: nothing yet, ok, or why not.
    [[nodiscard]] std::optional<Errc> outcome() const noexcept;

    /// Waits for it. Further errors: timed_out, connection_lost.
    [[nodiscard]] Result<void> settle(const Patience& patience) const;

private:
    Declared(std::shared_ptr<Attachment> attachment, std::size_t place) noexcept
        : attachment_(std::move(attachment)), place_(place) {}
    void say(shm::DeclarationKind kind, std::size_t lane, std::string_view pattern) noexcept;
    [[nodiscard]] shm::Declaration& declaration() const noexcept {
        return attachment_->memory().declaration(place_);
    }

    std::shared_ptr<Attachment> attachment_;  ///< null: moved from
    std::size_t place_;
    std::uint32_t sequence_ = 0;  ///< that the outcome will name
};

}  // namespace ringside::detail
