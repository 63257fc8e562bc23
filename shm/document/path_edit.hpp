#pragma once

#include <span>
#include <string>

#include "shm/base/errc.hpp"
#include "shm/document/paging.hpp"
#include "shm/document/pointer.hpp"

namespace ringside {

/// Action at the end of a path.
enum class PathAction {
    set,      ///< replaces a member or element, adds a member, appends
    add,      ///< as `add` in RFC 6902: replaces or adds a member, inserts an element
    replace,  ///< replaces an existing value
    remove,
    take,  ///< removes a value, and keeps its pages
};

/// Copies a document with a change in one place. Without `pages` the result is one page.
class PathEdit {
public:
    PathEdit(Paging* pages, PathAction action, const Value& new_value)
        : pages_(pages), action_(action), new_value_(new_value) {}

    /// Error: path_not_found.
    Result<void> run(DocumentBuilder& out, const Value& old, const JsonPointer& path);

private:
    using Tokens = std::span<const std::string>;
    class LeafEdit;

    void missing(const char* what) noexcept {
        if (missing_ == nullptr) missing_ = what;
    }
    void value(DocumentBuilder& out, const Value& old, Tokens path);
    void container(DocumentBuilder& out, const Value& old, Tokens path);
    void members(DocumentBuilder& out, const Value& old, std::string_view key, Tokens path);
    void elements(DocumentBuilder& out, const Value& old, std::size_t index, Tokens path);
    [[nodiscard]] bool removes() const noexcept {
        return action_ == PathAction::remove || action_ == PathAction::take;
    }

    Paging* pages_;
    PathAction action_;
    const Value& new_value_;
    const char* missing_ = nullptr;
};

}  // namespace ringside
