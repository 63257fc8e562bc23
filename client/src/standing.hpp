#pragma once

#include <optional>
#include <string>
#include <utility>

#include "client_impl.hpp"
#include "declared.hpp"

namespace ringside::detail {

/// A declaration without a lane, which its owner renews when the grid was recreated.
/// Thread safety: one thread at a time.
class Standing {
public:
    Standing(std::shared_ptr<Client::Impl> client, shm::DeclarationKind kind, std::string text)
        : client_(std::move(client)), kind_(kind), text_(std::move(text)) {}

    Result<void> renew() {
        if (auto online = client_->check_online(); !online) return online.error();
        auto attachment = client_->attachment();
        if (attachment && (*attachment)->check_lost()) attachment = client_->attachment();
        if (!attachment) return attachment.error();
        if (declared_ && *attachment == attachment_) return outcome();
        auto made = Declared::make(*attachment, kind_, 0, text_);
        if (!made) return made.error();
        declared_ = std::move(*made);
        attachment_ = std::move(*attachment);
        return {};
    }

private:
    /// Returns the broker's decision so far.
    [[nodiscard]] Result<void> outcome() const {
        const Errc said = declared_->receipt().outcome().value_or(Errc::ok);
        return said == Errc::ok ? Result<void>() : Result<void>(Error(said));
    }

    std::shared_ptr<Client::Impl> client_;
    const shm::DeclarationKind kind_;
    const std::string text_;
    std::shared_ptr<Attachment> attachment_;  ///< session of the declaration
    std::optional<Declared> declared_;
};

}  // namespace ringside::detail
