#pragma once

#include <optional>
#include <string>
#include <utility>

#include "ringside/record.hpp"

namespace ringside::gateway {

/// The content of a request for the grid: unread JSON or, if it is part of a text that was read, a
/// document. Such a part is never converted back to JSON: its text could be longer than the one
/// that arrived.
class Content {
public:
    Content(std::string json) : json_(std::move(json)) {}
    Content(Document document) : document_(std::move(document)) {}

    /// Errors: those of `Document::parse`.
    [[nodiscard]] Result<Document> read() const {
        return document_ ? Result<Document>(*document_) : Document::parse(json_);
    }
    /// Returns null if the content has not been read.
    [[nodiscard]] const Document* document() const noexcept {
        return document_ ? &*document_ : nullptr;
    }
    [[nodiscard]] const std::string& json() const noexcept { return json_; }
    /// Both may be taken once.
    [[nodiscard]] std::string take_json() noexcept { return std::move(json_); }
    [[nodiscard]] std::optional<Document> take_document() noexcept { return std::move(document_); }

private:
    std::string json_;
    std::optional<Document> document_;
};

}  // namespace ringside::gateway
