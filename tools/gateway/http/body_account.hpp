#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tools/gateway/http/problem.hpp"
#include "tools/gateway/load/byte_budget.hpp"

namespace ringside::gateway {

/// Whether a client may send a body.
struct Admission {
    std::optional<Problem> problem{};  ///< it may not
    bool is_known = false;             ///< its credentials are good; else it has a small share only
};

/// The memory that request bodies may take. What has not been admitted has a small share, so that
/// strangers cannot use up what is meant for users.
class BodyBudget {
public:
    explicit BodyBudget(std::uint64_t bytes_max) noexcept
        : max_(bytes_max), strangers_(strangers_bytes_max, stranger_bytes_max) {}

    [[nodiscard]] std::uint64_t used() const noexcept { return used_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    [[nodiscard]] std::size_t strangers_used() const noexcept { return strangers_.used(); }

    /// A body up to this size is read before credentials are looked at.
    static constexpr std::size_t unseen_bytes_max = 64U << 10;
    static constexpr std::size_t strangers_bytes_max = 64U << 20;
    static constexpr std::size_t stranger_bytes_max = 16U << 20;  ///< of one address

private:
    friend class BodyAccount;
    const std::uint64_t max_;
    std::uint64_t used_ = 0;
    ByteBudget strangers_;
};

/// What the body of one request takes of the budget.
class BodyAccount {
public:
    using Admit = std::function<Admission()>;

    /// `address`: where the client is. The budget must outlive this.
    BodyAccount(BodyBudget& budget, std::string address)
        : budget_(budget), address_(std::move(address)) {}
    ~BodyAccount() { release(); }
    BodyAccount(const BodyAccount&) = delete;
    BodyAccount& operator=(const BodyAccount&) = delete;

    /// The body takes this much memory, or will. `admit` is called once it is more than what is
    /// read of everybody. Problems: 503 where the budget is used up, those of `admit`.
    [[nodiscard]] std::optional<Problem> count(std::uint64_t bytes, const Admit& admit);
    /// The request is done.
    void release() noexcept;

private:
    void set(std::uint64_t bytes) noexcept;

    BodyBudget& budget_;
    const std::string address_;
    std::uint64_t bytes_ = 0;
    bool is_admitted_ = false;
    bool is_known_ = false;
    std::optional<ByteBudget::Share> stranger_;  ///< until it is known
};

}  // namespace ringside::gateway
