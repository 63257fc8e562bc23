#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/page.hpp"
#include "shm/document/value.hpp"

namespace ringside {

/// Storage for the pages of records.
class PageStore {
public:
    virtual ~PageStore() = default;
    [[nodiscard]] virtual const PageSpace& space() const noexcept = 0;
    /// Writes a page; returns 0 if there is no room. The page may be dropped again immediately.
    [[nodiscard]] virtual Offset write(const PageHeader& header, ByteView content) = 0;
    /// Called when the new version of the record no longer refers to the page. The old version may
    /// still refer to it. The page stays readable until the patch is done.
    virtual void drop(Offset offset, std::uint64_t bytes) = 0;
};

/// Splits documents into pages, and changes the page trees of containers; page.hpp describes both.
/// Used for one patch after the other; memory is kept.
///
/// The size of a page varies between `page::bytes_min` and `page::bytes_max`. A page that a patch
/// makes larger is split, a smaller one is merged with its neighbour. A tree that shrinks to one
/// small leaf is written into its parent.
///
/// The work of a patch is charged to its budget, page by page.
///
/// Errors are kept: `finish` and `divide` return the first one. The store discards pages that were
/// written by then.
/// Thread safety: one thread.
class Paging {
public:
    explicit Paging(PageStore& store) : store_(store) {}
    Paging(const Paging&) = delete;
    Paging& operator=(const Paging&) = delete;

    [[nodiscard]] const PageSpace& space() const noexcept { return store_.space(); }
    /// Purpose for the builder of a root page.
    [[nodiscard]] DocumentBuilder::Purpose purpose(std::size_t depth = 0) const noexcept {
        return {.is_page = true, .depth = depth, .limits = {}, .budget = budget_};
    }
    /// `budget`: of the following patch; none for a whole document, whose size bounds the work.
    void begin(PatchBudget* budget = nullptr) noexcept {
        failure_ = Errc::ok;
        budget_ = budget;
    }

    /// Returns the root page of a document, which may have pages already. Moves large values to
    /// separate pages. Valid until the next call, and as long as `document`.
    /// A document in pages may exceed `limits::encoded_document_bytes_max`: documents from a store
    /// keep their size, whatever pages they had.
    /// Errors: grid_full, patch_too_costly.
    [[nodiscard]] Result<ByteView> divide(ByteView document);
    /// Returns the root page that `root` has built, split if it is too large.
    /// Errors: those of `divide` and of the builder.
    [[nodiscard]] Result<ByteView> finish(DocumentBuilder& root);
    /// Returns whether the last result of `divide` or `finish` has pages below the root page.
    [[nodiscard]] bool has_pages() const noexcept { return has_pages_; }

    /// Position of a change in a container: a stored key, or an index.
    struct Place {
        std::string_view key;
        std::size_t index = 0;
    };
    /// Writes the members or elements of one leaf with a change; `index` counts within the leaf.
    class Edit {
    public:
        virtual void leaf(DocumentBuilder& out, const Value& leaf, std::size_t index) = 0;

    protected:
        ~Edit() = default;
    };
    /// Writes a changed container to `out`. REQUIRES: container.is_paged().
    void rewrite(DocumentBuilder& out, const Value& container, const Place& place, Edit& edit);
    /// Same, but as a separate value, which does not exist if the container became empty.
    [[nodiscard]] Value rewrite(const Value& container, const Place& place, std::size_t depth,
                                Edit& edit);
    /// Writes the result of the second `rewrite`.
    void write(DocumentBuilder& out, const Value& container);

    /// Drops the pages of a removed value, with all pages below.
    void drop_all(const Value& value);
    /// Drops the pages of a container whose members or elements remain.
    void drop_tree(const Value& container);

private:
    struct Part {
        PageRef ref;
        PageHeader header{};
        std::string key;  ///< for objects: see `Value::part_key`
    };
    using Parts = std::vector<Part>;

    /// Separate builder for the duration of building one page.
    class Draft {
    public:
        explicit Draft(Paging& paging) : paging_(paging), builder_(paging.draft(paging.drafts_)) {
            ++paging.drafts_;
        }
        ~Draft() { --paging_.drafts_; }
        Draft(const Draft&) = delete;
        Draft& operator=(const Draft&) = delete;
        DocumentBuilder& operator*() const noexcept { return builder_; }
        DocumentBuilder* operator->() const noexcept { return &builder_; }

    private:
        Paging& paging_;
        DocumentBuilder& builder_;
    };

    void fail(Errc code) noexcept {
        if (failure_ == Errc::ok) failure_ = code;
    }
    [[nodiscard]] bool failed() const noexcept { return failure_ != Errc::ok; }
    /// Called before the work is done. Returns false if it must not be done.
    bool charge(std::uint64_t steps) noexcept {
        if (budget_ == nullptr || budget_->spend(steps)) return true;
        fail(Errc::patch_too_costly);
        return false;
    }
    DocumentBuilder& draft(std::size_t index);
    /// Purpose for a page below the root, where the bytes of all pages are counted.
    [[nodiscard]] DocumentBuilder::Purpose page_purpose(std::size_t depth = 0) const noexcept;

    std::size_t plan(const Value& value);
    void place(DocumentBuilder& out, const Value& value);
    [[nodiscard]] Parts leaves(const Value& container, std::size_t depth);
    void close_leaf(DocumentBuilder& leaf, bool is_object, std::string_view first_key,
                    Parts& parts);
    [[nodiscard]] Parts inner_pages(const Parts& parts);
    [[nodiscard]] Part top_of(Parts parts);
    [[nodiscard]] Part string_page(const Value& text);
    [[nodiscard]] Part write_page(DocumentBuilder& page, PageHeader header);
    [[nodiscard]] Part store(const PageHeader& header, ByteView content);

    [[nodiscard]] Parts rewrite_node(const Value& node, const Place& place, std::size_t depth,
                                     Edit& edit);
    [[nodiscard]] Parts rewrite_leaf(const Value& leaf, const Place& place, std::size_t depth,
                                     Edit& edit);
    [[nodiscard]] Part exchange(const Value& node, std::size_t index, const Part& with);
    [[nodiscard]] Parts parts_of(const Value& node) const;
    void join_small(Parts& parts, std::size_t index, std::size_t depth);
    [[nodiscard]] Parts join(const Part& a, const Part& b, std::size_t depth);
    void drop(const Value& page);

    PageStore& store_;
    PatchBudget* budget_ = nullptr;
    Errc failure_ = Errc::ok;
    bool has_pages_ = false;
    std::deque<DocumentBuilder> builders_;
    std::size_t drafts_ = 0;  ///< builders in use
    DocumentBuilder root_;
    std::vector<bool> plan_;  ///< per container in the order of visits: whether it is paged
    std::size_t planned_ = 0;
    Bytes exchanged_;
};

}  // namespace ringside
