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

/// Where the pages of records lie.
class PageStore {
public:
    virtual ~PageStore() = default;
    [[nodiscard]] virtual const PageSpace& space() const noexcept = 0;
    /// Writes a page; 0 = no room. It may be dropped again at once.
    [[nodiscard]] virtual Offset write(const PageHeader& header, ByteView content) = 0;
    /// The new version of the record does not lead to this page any more; the old one may. It can
    /// be read until the patch is done.
    virtual void drop(Offset offset, std::uint64_t bytes) = 0;
};

/// Divides documents into pages, and changes the trees of pages that containers are kept in; the
/// shape of both is in page.hpp. Used by one patch after the other; memory is kept.
///
/// Pages are as large as they happen to be between `page::bytes_min` and `page::bytes_max`: a page
/// that a patch makes larger is divided, a smaller one is joined with its neighbour, and a tree
/// that became one small leaf is written into its parent.
///
/// What a patch does is charged to its budget, page by page.
///
/// Failures are kept: the first one is what `finish` and `divide` return. Pages that were written
/// by then are the store's to forget.
/// Thread safety: one thread.
class Paging {
public:
    explicit Paging(PageStore& store) : store_(store) {}
    Paging(const Paging&) = delete;
    Paging& operator=(const Paging&) = delete;

    [[nodiscard]] const PageSpace& space() const noexcept { return store_.space(); }
    /// For a builder of a root page.
    [[nodiscard]] DocumentBuilder::Purpose purpose(std::size_t depth = 0) const noexcept {
        return {.is_page = true, .depth = depth, .limits = {}, .budget = budget_};
    }
    /// `budget`: of the patch that follows; none for a whole document, whose work its size bounds.
    void begin(PatchBudget* budget = nullptr) noexcept {
        failure_ = Errc::ok;
        budget_ = budget;
    }

    /// The root page of a document, which may have pages already; what is large in it is moved to
    /// pages of its own. Valid until the next call, and as long as `document`.
    /// A document may take more bytes in pages than `limits::encoded_document_bytes_max`: those of
    /// a store are as large as they were, whatever pages they had.
    /// Errors: grid_full, patch_too_costly.
    [[nodiscard]] Result<ByteView> divide(ByteView document);
    /// The root page that `root` has built, divided if it is too large.
    /// Errors: those of `divide`, and of the builder.
    [[nodiscard]] Result<ByteView> finish(DocumentBuilder& root);
    /// Whether there are pages below the root page that `divide` or `finish` gave last.
    [[nodiscard]] bool has_pages() const noexcept { return has_pages_; }

    /// The place of a change in a container: a stored key, or an index.
    struct Place {
        std::string_view key;
        std::size_t index = 0;
    };
    /// Writes the members or elements of one leaf, with a change; `index` counts within the leaf.
    class Edit {
    public:
        virtual void leaf(DocumentBuilder& out, const Value& leaf, std::size_t index) = 0;

    protected:
        ~Edit() = default;
    };
    /// Writes a changed container to `out`. REQUIRES: container.is_paged().
    void rewrite(DocumentBuilder& out, const Value& container, const Place& place, Edit& edit);
    /// As above, as a value of its own; one that does not exist where nothing is left.
    [[nodiscard]] Value rewrite(const Value& container, const Place& place, std::size_t depth,
                                Edit& edit);
    /// Writes what the second `rewrite` gave.
    void write(DocumentBuilder& out, const Value& container);

    /// Drops the pages of a value that goes, with all below.
    void drop_all(const Value& value);
    /// Drops the pages of a container whose members or elements stay.
    void drop_tree(const Value& container);

private:
    struct Part {
        PageRef ref;
        PageHeader header{};
        std::string key;  ///< of an object: see `Value::part_key`
    };
    using Parts = std::vector<Part>;

    /// A builder of its own for as long as a page is built.
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
    /// Before the work is done. False: it must not be done.
    bool charge(std::uint64_t steps) noexcept {
        if (budget_ == nullptr || budget_->spend(steps)) return true;
        fail(Errc::patch_too_costly);
        return false;
    }
    DocumentBuilder& draft(std::size_t index);
    /// For a page below the root, in which the bytes of all pages are counted.
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
    std::vector<bool> plan_;  ///< of each container, in the order they are met: has pages
    std::size_t planned_ = 0;
    Bytes exchanged_;
};

}  // namespace ringside
