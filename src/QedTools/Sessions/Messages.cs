// What the cmdlets say, all of it: a line for each thing said, so that all read alike. The engine's errors bring their own
// words; ErrorTable gives those their ids, and Advice says what to do.
using System;
using System.Globalization;
using System.IO;
using System.Reflection;

namespace QedTools.Sessions;

/// <summary>
/// The texts of the cmdlets. An action is a whole sentence that orders it: -WhatIf and -Verbose show it as it is, -Confirm asks
/// about it. What is noted with -Verbose begins with the file.
/// </summary>
internal static class Messages
{
    /// <summary>What progress bars say is being done.</summary>
    public const string Checking = "Checking";

    /// <inheritdoc cref="Checking"/>
    public const string Comparing = "Comparing";

    /// <inheritdoc cref="Checking"/>
    public const string Converting = "Converting";

    /// <inheritdoc cref="Checking"/>
    public const string ConvertingAndVerifying = "Converting and verifying";

    /// <inheritdoc cref="Checking"/>
    public const string Copying = "Copying";

    /// <inheritdoc cref="Checking"/>
    public const string Mapping = "Mapping";

    /// <inheritdoc cref="Checking"/>
    public const string Merging = "Merging";

    /// <inheritdoc cref="Checking"/>
    public const string Optimizing = "Optimizing";

    /// <inheritdoc cref="Checking"/>
    public const string Repairing = "Repairing";

    /// <summary>The title above a question.</summary>
    public const string ConfirmTitle = "Confirm";

    /// <summary>The question about an action.</summary>
    public static string ConfirmQuestion(string action) => $"Do you want to do this?{Environment.NewLine}{action}";

    /// <summary>What a progress bar is about.</summary>
    /// <param name="doing">What is being done, such as "Checking".</param>
    /// <param name="path">To which file.</param>
    public static string Activity(string doing, string path) => $"{doing} {PrintableText.Of(Path.GetFileName(path))}";

    /// <summary>What a progress bar says of an operation.</summary>
    public static string ProgressStatus(OperationProgress progress, double bytesPerSecond)
    {
        string speed = bytesPerSecond > 0 ? $", {ByteSize.FormatShort(bytesPerSecond)}/s" : string.Empty;
        string stage = progress.Stages > 1 ? $"step {progress.Stage} of {progress.Stages}, " : string.Empty;
        return $"{stage}{ByteSize.FormatShort(progress.BytesDone)} of {ByteSize.Format(progress.BytesTotal)}{speed}";
    }

    /// <summary>What was left out of the debug stream.</summary>
    public static string TraceLinesDropped(int count) => $"{Count(count, "more line")} left out here.";

    /// <summary>A path that leads to no file.</summary>
    /// <param name="path">The path.</param>
    /// <param name="cause">What PowerShell says of it.</param>
    public static string NoFile(string path, string cause) => $"{Name(path)} leads to no file: {cause.TrimEnd('.')}. Name a file on a FileSystem drive.";

    /// <summary>A path that leads to something else than files.</summary>
    public static string OtherProvider(string path, string provider) =>
        $"{Name(path)} belongs to the {provider} provider. Images are files: name one on a FileSystem drive.";

    /// <summary>A name that was given and is empty, such as that of a variable that nobody set.</summary>
    public static string EmptyName(string parameter) => $"The name given with -{parameter} is empty. Name a file, or leave the parameter out.";

    /// <summary>A library that another module loaded first, in another version.</summary>
    public static string AssemblyConflict(string path, AssemblyName wanted, AssemblyName loaded, string location) =>
        $"{Name(path)} cannot be dealt with: QedTools needs {wanted.Name} {wanted.Version}, and this session has {loaded.Name} {loaded.Version} from "
        + $"{Name(location)}, which another module loaded. Start a new PowerShell session and try again without that module.";

    /// <summary>A library that is missing.</summary>
    public static string AssemblyMissing(string path, AssemblyName wanted, string cause) =>
        $"{Name(path)} cannot be dealt with: {wanted.Name} {wanted.Version}, which QedTools needs, could not be loaded: {cause.TrimEnd('.')}. Install QedTools again.";

    /// <summary>An error that is a fault of the program.</summary>
    public static string Unexpected(string path, Exception error) =>
        $"{Name(path)} met with an error that QedTools does not expect, {error.GetType().Name}: {error.Message.TrimEnd('.')}. Report it to the authors.";

    /// <summary>What to do about a file whose format was not certain.</summary>
    public static string FormatDoubt(QedFormatDoubt doubt) => PrintableText.Of(doubt.Other is { } other
        ? $"{doubt.Facts} If it is one, read it with -{doubt.FormatOption} {other}; if not, -{doubt.FormatOption} {doubt.ReadAs} says so."
        : $"{doubt.Facts} If that is right, -{doubt.FormatOption} {doubt.ReadAs} says so. {doubt.Remedy}".TrimEnd());

    /// <summary>What a size means.</summary>
    public static string DiskOfSize(long bytes) => $"A disk of {ByteSize.Format(bytes)} ({bytes} bytes)";

    /// <summary>What is said behind a new size about the present one.</summary>
    public static string SizeNow(long bytes) => $"; it has {ByteSize.Format(bytes)} now";

    /// <summary>How many files a pattern means.</summary>
    public static string PatternMatches(string pattern, int files) => $"{Name(pattern)} matches {Count(files, "file")}.";

    /// <summary>A size that was rounded up.</summary>
    public static string RoundedUp(string path, long asked, long size) =>
        $"{Shown(path)}: {asked} bytes are no multiple of 512, rounded up to {size}.";

    /// <summary>The creation of an image.</summary>
    public static string CreateAction(string path, long size, string? backingFile) =>
        $"Create the QED image {Name(path)} of {ByteSize.Format(size)}{Over(backingFile)}.";

    /// <summary>What an image says of its backing file.</summary>
    /// <param name="info">The image.</param>
    /// <param name="asked">What was asked to be recorded, or null.</param>
    public static string BackingFileRecorded(QedImageInfo info, QedBackingFormat? asked)
    {
        string reason = info.BackingFormat == QedBackingFormat.Raw && asked != QedBackingFormat.Raw
            ? ", as it is of no known format"
            : string.Empty;
        return info.BackingFormat is { } recorded
            ? $"{Shown(info.Path)}: the backing file is {Name(info.BackingFile)}, recorded as {recorded}{reason}."
            : $"{Shown(info.Path)}: no backing file.";
    }

    /// <summary>The change of a backing file.</summary>
    /// <param name="path">The image.</param>
    /// <param name="old">What it names now, or null.</param>
    /// <param name="new">What it is to name, or null.</param>
    /// <param name="preserveContent">Whether what would read differently is copied first.</param>
    public static string BackingFileAction(string path, string? old, string? @new, bool preserveContent)
    {
        string copied = preserveContent ? ", and copy into the image what it shows differently" : string.Empty;
        return (old, @new) switch
        {
            (null, null) => $"Leave {Name(path)} without a backing file.",
            (null, { }) => $"Name {Name(@new)} as the backing file of {Name(path)}{copied}.",
            ({ }, null) when preserveContent => $"Remove the backing file {Name(old)} from {Name(path)}, and copy into the image what only it holds.",
            ({ }, null) => $"Remove the backing file {Name(old)} from {Name(path)}; what only it holds will read as zeroes.",
            ({ }, { }) => $"Change the backing file of {Name(path)} from {Name(old)} to {Name(@new)}{copied}.",
        };
    }

    /// <summary>The conversion of a disk.</summary>
    /// <param name="path">The source.</param>
    /// <param name="size">Its size, in bytes.</param>
    /// <param name="destination">The result's file.</param>
    /// <param name="format">The result's format.</param>
    /// <param name="backingFile">The result's backing file, or null.</param>
    public static string ConvertAction(string path, long size, string destination, QedDiskFormat format, string? backingFile) =>
        $"Convert {Name(path)}, a disk of {ByteSize.Format(size)}, to the {DiskSource.NameOf(format)} file {Name(destination)}{Over(backingFile)}.";

    /// <summary>How a map was divided.</summary>
    public static string CellsDrawn(string path, string cells, long cellSize) => $"{Shown(path)}: {cells} cells of {ByteSize.Format(cellSize)}.";

    /// <summary>Several pictures would become one file.</summary>
    public static string SecondPicture(string file) => $"{Name(file)} is the picture of another image already. Name a file of its own for each image.";

    /// <summary>A picture's name that means another kind of file.</summary>
    public static string NoPictureName(string file) => $"{Name(file)} is no name for an SVG picture. Name a file that ends in .svg.";

    /// <summary>A picture would replace what it is drawn of.</summary>
    public static string PictureOverSource(string file) => $"{Name(file)} is the image itself or a file under it. Name another file for the picture.";

    /// <summary>The drawing of a map into a file.</summary>
    public static string DrawAction(string path, string file) => $"Draw the allocation map of {Name(path)} into {Name(file)}.";

    /// <summary>The result of a conversion.</summary>
    public static string Converted(QedImageInfo result, bool verified) =>
        $"{Shown(result.Path)}: {ByteSize.Format(result.DiskUsage)} used for {ByteSize.Format(result.VirtualSize)}{(verified ? ", verified" : string.Empty)}.";

    /// <summary>Two sources of one pipeline would become one file.</summary>
    public static string SecondSource(string destination) =>
        $"{Name(destination)} is the result of another source already. Name a folder for several sources, and have their names differ in more than the extension.";

    /// <summary>The verdict of a check.</summary>
    public static string Checked(QedCheckResult result) =>
        $"{Shown(result.Path)}: {result.Status}, {Count(result.CorruptionCount, "wrong table entry", "wrong table entries")}, {Count(result.LeakedClusters, "leaked cluster")}.";

    /// <summary>The verdict of a comparison.</summary>
    public static string Compared(QedComparison result) => result switch
    {
        { FirstDifference: { } first } =>
            $"{Shown(result.Path)}: {Bytes(result.DifferingBytes)} differ from {Name(result.ReferencePath)}, the first at offset {first}.",
        { AreEqual: false } =>
            $"{Shown(result.Path)}: it differs from {Name(result.ReferencePath)} only in size, {result.VirtualSize} and {result.ReferenceVirtualSize} bytes.",
        _ => $"{Shown(result.Path)}: it reads the same as {Name(result.ReferencePath)}.",
    };

    /// <summary>A disk that was opened.</summary>
    public static string Opened(string path, long size, bool forWriting) =>
        $"{Shown(path)}: open for {(forWriting ? "reading and writing" : "reading")}, {ByteSize.Format(size)}.";

    /// <summary>A merge.</summary>
    /// <param name="plan">What it would move.</param>
    /// <param name="keep">Whether the overlay keeps what it holds.</param>
    public static string MergeAction(QedMergeResult plan, bool keep)
    {
        string zeroes = plan.BytesZeroed > 0 ? $" and {ByteSize.FormatExact(plan.BytesZeroed)} of zeroes" : string.Empty;
        string then = keep ? string.Empty : ", and empty the overlay";
        return $"Merge {ByteSize.FormatExact(plan.BytesMerged)} of data{zeroes} from {Name(plan.Path)} into {Name(plan.BackingFilePath)}{then}.";
    }

    /// <summary>The result of a merge.</summary>
    public static string Merged(QedMergeResult result) =>
        $"{Shown(result.Path)}: {ByteSize.FormatExact(result.BytesMerged)} of data merged into {Name(result.BackingFilePath)}; "
        + $"the overlay {(result.IsEmptied ? "is empty now" : "is as it was")}.";

    /// <summary>Making a file smaller.</summary>
    /// <param name="info">The image.</param>
    /// <param name="againstBackingFile">Whether what the backing file shows anyway is given up as well.</param>
    public static string OptimizeAction(QedImageInfo info, bool againstBackingFile) =>
        $"Give back the clusters of {Name(info.Path)} that are leaked or all zeroes{(againstBackingFile ? " or hold what the backing file shows" : string.Empty)}, "
        + $"and shorten the file of {ByteSize.Format(info.FileSize)} by what that frees.";

    /// <summary>How much smaller a file became.</summary>
    public static string Optimized(QedOptimizeResult result) =>
        $"{Shown(result.Path)}: {ByteSize.Format(result.FileSizeBefore)} before, {ByteSize.Format(result.FileSizeAfter)} now.";

    /// <summary>There is nothing to repair.</summary>
    public static string NothingToRepair(string path) => $"{Shown(path)}: nothing to repair.";

    /// <summary>The repair of an image.</summary>
    public static string RepairAction(string path, long repairs, bool saves) =>
        $"Make {Count(repairs, "repair")} in {Name(path)}{(saves ? ", and save what is changed, so that it can be taken back" : string.Empty)}.";

    /// <summary>One repair, done or to be done.</summary>
    public static string Repair(string path, QedRepair repair) => $"{Shown(path)}: {repair.Description}";

    /// <summary>How much room a repair needs.</summary>
    public static string RepairRoom(string path, long bytes) => $"{Shown(path)}: The repair needs up to {ByteSize.FormatExact(bytes)} of room on the disk.";

    /// <summary>How to take a repair back.</summary>
    public static string RepairCanBeTakenBack(string path, string backupPath) =>
        $"{Shown(path)}: take it back with Repair-QedImage -RestoreFrom {Name(backupPath)}.";

    /// <summary>Taking a repair back.</summary>
    public static string RestoreAction(string path, string backupPath) => $"Bring {Name(path)} back to what {Name(backupPath)} saved.";

    /// <summary>A repair that was taken back.</summary>
    public static string Restored(string path, string backupPath) => $"{Shown(path)}: brought back to what {Name(backupPath)} saved.";

    /// <summary>A change of a disk's size.</summary>
    public static string ResizeAction(string path, ImageResizePlan plan)
    {
        string sizes = $"the disk {Name(path)} from {ByteSize.Format(plan.OldSize)} to {ByteSize.Format(plan.NewSize)}";
        return plan.NewSize >= plan.OldSize
            ? $"Grow {sizes}."
            : $"Shrink {sizes}, and discard {ByteSize.FormatExact(plan.DiscardedBytes)} of stored data.";
    }

    /// <summary>The object in the pipeline named the backing file that the image has.</summary>
    public static string KeepsBackingFile(string path, string? name) =>
        $"{Name(path)} keeps its backing file {Name(name)}, the one that the object in the pipeline has. Give another one with -BackingFile.";

    /// <summary>The size that a disk has now.</summary>
    public static string Resized(QedImageInfo info) => $"{Shown(info.Path)}: the disk has {ByteSize.FormatExact(info.VirtualSize)} now.";

    private static string Name(string? name) => $"'{PrintableText.Of(name)}'";

    private static string Shown(string path) => PrintableText.Of(path);

    private static string Over(string? backingFile) => backingFile is null ? string.Empty : $" as an overlay of {Name(backingFile)}";

    private static string Bytes(long count) => Count(count, "byte");

    private static string Count(long count, string one, string? many = null) =>
        string.Format(CultureInfo.CurrentCulture, "{0} {1}", count, count == 1 ? one : many ?? one + "s");
}
