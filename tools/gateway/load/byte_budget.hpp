#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace ringside::gateway {

/// Memory that connections share, limited in total and per user. A user is a name, or the address
/// of an unknown client.
///
/// Thread safety: that of the loop.
class ByteBudget {
    struct User {
        std::size_t bytes = 0;
        std::size_t shares = 0;
    };

public:
    ByteBudget(std::size_t bytes_max, std::size_t bytes_per_user_max) noexcept
        : max_(bytes_max), per_user_max_(bytes_per_user_max) {}
    ByteBudget(const ByteBudget&) = delete;
    ByteBudget& operator=(const ByteBudget&) = delete;

    /// The memory that one connection holds for one purpose, released by the destructor. The budget
    /// must outlive it.
    class Share {
    public:
        Share(ByteBudget& budget, const std::string& user);
        ~Share();
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        /// Changes the amount held. Returns false, and changes nothing, if the budget has too
        /// little left.
        [[nodiscard]] bool resize(std::size_t bytes);
        /// Sets the amount for memory that is already in use, even if it exceeds the budget.
        void set(std::size_t bytes) noexcept;
        /// Returns whether the budget has anything left for this user.
        [[nodiscard]] bool has_room() const noexcept;
        [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
        /// Moves the amount to the account of another user.
        void move_to(const std::string& user);

    private:
        ByteBudget& budget_;
        std::map<std::string, User>::iterator user_;
        std::size_t bytes_ = 0;
    };

    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] std::size_t max() const noexcept { return max_; }
    /// Returns how many times `resize` has failed.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    /// Amount that a stream of small messages can hold beyond the budget, so that others do not
    /// delay it.
    static constexpr std::size_t modest_bytes = 64U << 10;

private:
    [[nodiscard]] std::map<std::string, User>::iterator enter(const std::string& user);
    void leave(std::map<std::string, User>::iterator user);

    const std::size_t max_;
    const std::size_t per_user_max_;
    std::size_t used_ = 0;
    std::uint64_t refused_ = 0;
    std::map<std::string, User> users_;
};

}  // namespace ringside::gateway
