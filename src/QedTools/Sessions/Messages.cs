// Every text that the cmdlets show, in one place so that they read alike. The engine's errors come with their own messages;
// ErrorTable gives them their ids, and Advice adds what to do.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;

namespace QedTools.Sessions;

/// <summary>
/// The texts of the cmdlets. An action is a complete sentence in the imperative: -WhatIf and -Verbose show it as it is, -Confirm
/// asks about it. A note for -Verbose begins with the file.
/// </summary>
internal static class Messages
{
    /// <summary>The work that a progress bar reports.</summary>
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
    public const string Hashing = "Hashing";

    /// <inheritdoc cref="Checking"/>
    public const string Mapping = "Mapping";

    /// <inheritdoc cref="Checking"/>
    public const string Measuring = "Measuring";

    /// <inheritdoc cref="Checking"/>
    public const string Merging = "Merging";

    /// <inheritdoc cref="Checking"/>
    public const string Optimizing = "Optimizing";

    /// <inheritdoc cref="Checking"/>
    public const string Repairing = "Repairing";

    /// <inheritdoc cref="Checking"/>
    public const string Searching = "Searching";

    private const int MaxPartitionsNamed = 8;

    /// <summary>The title above a question.</summary>
    public const string ConfirmTitle = "Confirm";

    /// <summary>The question about an action.</summary>
    public static string ConfirmQuestion(string action) => $"Do you want to do this?{Environment.NewLine}{action}";

    /// <summary>The activity line of a progress bar.</summary>
    /// <param name="doing">The work being done, such as "Checking".</param>
    /// <param name="path">The file being worked on.</param>
    public static string Activity(string doing, string path) => $"{doing} {PrintableText.Of(Path.GetFileName(path))}";

    /// <summary>The status line of a progress bar.</summary>
    public static string ProgressStatus(OperationProgress progress, double bytesPerSecond)
    {
        if (progress.CountsFiles)
        {
            return $"{progress.BytesDone} of {Count(progress.BytesTotal, "file")}";
        }

        string speed = bytesPerSecond > 0 ? $", {ByteSize.FormatShort(bytesPerSecond)}/s" : string.Empty;
        string stage = progress.Stages > 1 ? $"step {progress.Stage} of {progress.Stages}, " : string.Empty;
        return $"{stage}{ByteSize.FormatShort(progress.BytesDone)} of {ByteSize.Format(progress.BytesTotal)}{speed}";
    }

    /// <summary>How many lines were left out of the debug stream.</summary>
    public static string TraceLinesDropped(int count) => $"{Count(count, "more line")} left out here.";

    /// <summary>A path that does not lead to a file.</summary>
    /// <param name="path">The path.</param>
    /// <param name="cause">PowerShell's own message.</param>
    public static string NoFile(string path, string cause) =>
        $"The path {Quoted(path)} does not lead to a file: {cause.TrimEnd('.')}. Specify a file on a FileSystem drive.";

    /// <summary>A path of a provider other than the file system.</summary>
    public static string OtherProvider(string path, string provider) =>
        $"{Quoted(path)} belongs to the {provider} provider, but images are files. Specify a file on a FileSystem drive.";

    /// <summary>A file name that was given but is empty, such as the value of a variable that was never set.</summary>
    public static string EmptyName(string parameter) => $"The file name given with -{parameter} is empty. Specify a file, or omit the parameter.";

    /// <summary>A library of which another module has already loaded a different version.</summary>
    public static string AssemblyConflict(string path, AssemblyName wanted, AssemblyName loaded, string location) =>
        $"{Quoted(path)} cannot be processed: QedTools needs {wanted.Name} {wanted.Version}, but another module has already loaded "
        + $"{loaded.Name} {loaded.Version} from {Quoted(location)}. Start a new PowerShell session and try again without that module.";

    /// <summary>A library that is missing.</summary>
    public static string AssemblyMissing(string path, AssemblyName wanted, string cause) =>
        $"{Quoted(path)} cannot be processed: QedTools needs {wanted.Name} {wanted.Version}, which could not be loaded: {cause.TrimEnd('.')}. Reinstall QedTools.";

    /// <summary>An error that is a bug in the program.</summary>
    public static string Unexpected(string path, Exception error) =>
        $"Processing {Quoted(path)} failed with an unexpected error, {error.GetType().Name}: {error.Message.TrimEnd('.')}. Report it to the authors of QedTools.";

    /// <summary>A warning about a file whose format is uncertain, and what to do about it.</summary>
    public static string FormatDoubt(QedFormatDoubt doubt) => PrintableText.Of(doubt.Other is { } other
        ? $"{doubt.Facts} If it is a {DiskSource.NameOf(other)} file, use -{doubt.FormatOption} {other}; if not, confirm the format with -{doubt.FormatOption} {doubt.ReadAs}."
        : $"{doubt.Facts} If that is correct, confirm it with -{doubt.FormatOption} {doubt.ReadAs}. {doubt.Remedy}".TrimEnd());

    /// <summary>The tooltip of a disk size.</summary>
    public static string DiskOfSize(long bytes) => $"A disk of {ByteSize.Format(bytes)} ({bytes} bytes)";

    /// <summary>The present size of the disk, appended to the tooltip of a new one.</summary>
    public static string SizeNow(long bytes) => $"; the current size is {ByteSize.Format(bytes)}";

    /// <summary>How many files a pattern matches.</summary>
    public static string PatternMatches(string pattern, int files) => $"{Quoted(pattern)} matches {Count(files, "file")}.";

    /// <summary>Text that means a size, but not to PowerShell.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plain">The same size as PowerShell reads it.</param>
    public static string NotASize(string text, string plain) =>
        $"{Quoted(text)} is not a number of bytes. Write {plain}: the units are KB, MB, GB, TB and PB, of 1024 each, directly after the number.";

    /// <summary>A disk of less than a sector.</summary>
    public static string LessThanASector(string path, long size) =>
        $"A size of {size} bytes is not possible for {Quoted(path)}. Sizes are in bytes, and a disk has 0 bytes or at least one sector of 512. For {size} GiB, write {size}GB.";

    /// <summary>A size that was rounded up.</summary>
    public static string RoundedUp(string path, long requested, long size) =>
        $"{Printable(path)}: {requested} bytes is not a multiple of 512; rounded up to {size} bytes.";

    /// <summary>The creation of an image.</summary>
    public static string CreateAction(string path, long size, string? backingFile) =>
        $"Create the QED image {Quoted(path)} with a virtual size of {ByteSize.Format(size)}{OverlaySuffix(backingFile)}.";

    /// <summary>What an image records about its backing file.</summary>
    /// <param name="info">The image.</param>
    /// <param name="requested">The format that the user asked to record, or null.</param>
    public static string BackingFileRecorded(QedImageInfo info, QedBackingFormat? requested)
    {
        string reason = info.BackingFormat == QedBackingFormat.Raw && requested != QedBackingFormat.Raw
            ? " because its format is not recognized"
            : string.Empty;
        return info.BackingFormat is { } recorded
            ? $"{Printable(info.Path)}: the backing file is {Quoted(info.BackingFile)}, recorded as {recorded}{reason}."
            : $"{Printable(info.Path)}: no backing file.";
    }

    /// <summary>The change of a backing file.</summary>
    /// <param name="path">The image.</param>
    /// <param name="old">The backing file it has now, or null.</param>
    /// <param name="new">The backing file it will have, or null.</param>
    /// <param name="preserveContent">Whether data that would read differently is copied first.</param>
    /// <param name="mayReadDifferently">Whether the disk may read differently afterwards.</param>
    public static string BackingFileAction(string path, string? old, string? @new, bool preserveContent, bool mayReadDifferently)
    {
        string effect = preserveContent ? ", and copy the data that differs into the image"
            : !mayReadDifferently ? string.Empty
            : old is null ? "; what the image does not hold itself will read as in that file, and no longer as zeroes"
            : "; what the image does not hold itself will read as in the new one";
        return (old, @new) switch
        {
            (null, null) => $"Leave {Quoted(path)} without a backing file.",
            (null, { }) => $"Set the backing file of {Quoted(path)} to {Quoted(@new)}{effect}.",
            ({ }, null) when preserveContent => $"Remove the backing file {Quoted(old)} from {Quoted(path)}, and copy the data that only it holds into the image.",
            ({ }, null) => $"Remove the backing file {Quoted(old)} from {Quoted(path)}; data that only it holds will read as zeroes.",
            ({ }, { }) => $"Change the backing file of {Quoted(path)} from {Quoted(old)} to {Quoted(@new)}{effect}.",
        };
    }

    /// <summary>The conversion of a disk.</summary>
    /// <param name="path">The source.</param>
    /// <param name="partition">The number of its partition that is converted; null for the whole disk.</param>
    /// <param name="size">The size of the disk or the partition, in bytes.</param>
    /// <param name="destination">The result's file.</param>
    /// <param name="format">The result's format.</param>
    /// <param name="compresses">Whether the file is a compressed one.</param>
    /// <param name="backingFile">The result's backing file, or null.</param>
    public static string ConvertAction(string path, int? partition, long size, string destination, QedDiskFormat format, bool compresses, string? backingFile) =>
        $"Convert {Source(path, partition)}, a disk of {ByteSize.Format(size)}, to the {(compresses ? "compressed " : string.Empty)}{DiskSource.NameOf(format)} file {Quoted(destination)}{OverlaySuffix(backingFile)}.";

    /// <summary>How a map was divided.</summary>
    public static string CellsDrawn(string path, string cells, long cellSize) => $"{Printable(path)}: {cells} cells of {ByteSize.Format(cellSize)}.";

    /// <summary>Two pictures would be written to the same file.</summary>
    public static string DuplicatePicture(string file) => $"{Quoted(file)} already holds the picture of another image. Specify a separate file for each image.";

    /// <summary>A picture's file name without the extension of SVG files.</summary>
    public static string InvalidPictureName(string file) => $"{Quoted(file)} is not a valid name for an SVG picture. Specify a name that ends in .svg.";

    /// <summary>A picture would overwrite the image that it shows.</summary>
    public static string PictureOverwritesSource(string file) => $"{Quoted(file)} is the image itself or one of its backing files. Specify another file for the picture.";

    /// <summary>How many images a search found.</summary>
    public static string OverlaysFound(string path, int count) => $"{Printable(path)}: {Count(count, "image")} found.";

    /// <summary>A picture of a tree of images would overwrite one of them.</summary>
    public static string PictureOverwritesImage(string file) => $"{Quoted(file)} is one of the images. Specify another file for the picture.";

    /// <summary>The drawing of a tree of images to a file.</summary>
    public static string DrawForestAction(string path, string file) => $"Draw the tree of {Quoted(path)} to {Quoted(file)}.";

    /// <summary>The drawing of a map to a file.</summary>
    public static string DrawAction(string path, string file) => $"Draw the allocation map of {Quoted(path)} to {Quoted(file)}.";

    /// <summary>A backing file was given for chains, which bring their own.</summary>
    public const string BackingFileOfChain = "-BackingFile cannot be used with -Chain, where the backing file of each result is the converted backing file of its source. Omit one of the two.";

    /// <summary>Chains were to be written into existing files.</summary>
    public const string ExistingFileOfChain = "-Chain creates new files, so -IntoExisting and -TargetIsZero cannot be used with it. Omit them.";

    /// <summary>No format was given for chains.</summary>
    public const string FormatOfChain = "-Chain needs a format for the files that it creates. Use -Format with Qed, Qcow2, Vhdx or Vhd.";

    /// <summary>A file name was given for chains, which become several files.</summary>
    public static string FolderOfChain(string path) => $"{Quoted(path)} is the name of one file, and -Chain creates a file for each layer. Specify a folder.";

    /// <summary>What -WhatIf and the question say about a conversion into a file or a device that is there.</summary>
    public static string OverwriteAction(string path, int? partition, long virtualSize, string destination, long present, bool isDevice) =>
        $"Overwrite the {(isDevice ? "block device" : "raw file")} {Quoted(destination)}, which has {ByteSize.FormatExact(present)}{(isDevice ? " and is not mounted" : string.Empty)}, with {Source(path, partition)}, a disk of {ByteSize.FormatExact(virtualSize)}.";

    /// <summary>The disk space that a conversion needs, for one result or several.</summary>
    public static string ConversionSpace(string destination, long requiredBytes, long? availableBytes, int results = 1) =>
        $"{Printable(destination)}: the {(results == 1 ? "result needs" : "results need")} up to {ByteSize.FormatExact(requiredBytes)} of disk space"
        + (availableBytes is { } available ? $"; {ByteSize.FormatExact(available)} free." : ".");

    /// <summary>The result of a conversion.</summary>
    public static string Converted(QedImageInfo result, bool verified) =>
        $"{Printable(result.Path)}: {ByteSize.Format(result.DiskUsage)} used for a disk of {ByteSize.Format(result.VirtualSize)}{(verified ? ", verified" : string.Empty)}.";

    /// <summary>Two sources of one pipeline would be written to the same file.</summary>
    public static string DuplicateDestination(string destination) =>
        $"Another source has already been converted to {Quoted(destination)}. To convert several sources, specify a folder; the names of the sources must differ in more than the extension.";

    /// <summary>The verdict of a check.</summary>
    public static string Checked(QedCheckResult result) =>
        $"{Printable(result.Path)}: {result.Status}, {Count(result.CorruptionCount, "wrong table entry", "wrong table entries")}, {Count(result.LeakedClusters, "leaked cluster")}.";

    /// <summary>The verdict of a comparison.</summary>
    public static string Compared(QedComparison result) => result switch
    {
        { FirstDifference: { } first } =>
            $"{Printable(result.Path)}: differs from {Quoted(result.ReferencePath)} in {Bytes(result.DifferingBytes)}, the first at offset {first}.",
        { AreEqual: false } =>
            $"{Printable(result.Path)}: differs from {Quoted(result.ReferencePath)} only in size: {result.VirtualSize} and {result.ReferenceVirtualSize} bytes.",
        _ => $"{Printable(result.Path)}: reads the same as {Quoted(result.ReferencePath)}.",
    };

    /// <summary>What was found where two disks are compared range by range.</summary>
    public static string ComparedByExtent(string path, string referencePath, long ranges) =>
        $"{Printable(path)}: differs from {Quoted(referencePath)} in {Count(ranges, "range", "ranges")}.";

    /// <summary>A block size says how long ranges are, of which there are none.</summary>
    public static string BlockSizeWithoutExtents =>
        "The block size is that of the ranges that -Extent returns. Add -Extent, or leave it out.";

    /// <summary>A disk that was opened.</summary>
    public static string Opened(string path, long size, bool forWriting) =>
        $"{Printable(path)}: opened for {(forWriting ? "reading and writing" : "reading")}, {ByteSize.Format(size)}.";

    /// <summary>A merge.</summary>
    /// <param name="plan">The data it would move.</param>
    /// <param name="keep">Whether the overlay keeps its data.</param>
    /// <param name="isInto">Whether there may be layers between the two.</param>
    public static string MergeAction(QedMergeResult plan, bool keep, bool isInto)
    {
        string zeroes = plan.BytesZeroed > 0 ? $" and {ByteSize.FormatExact(plan.BytesZeroed)} of zeroes" : string.Empty;
        string then = keep ? string.Empty : isInto ? ", set that as its backing file, and empty the overlay" : ", and empty the overlay";
        string first = plan.BytesPreserved > 0 ? $"Copy {ByteSize.FormatExact(plan.BytesPreserved)} of data into the layer above {Quoted(plan.BackingFilePath)}, so that the layers between read as before. " : string.Empty;
        return $"{first}Merge {ByteSize.FormatExact(plan.BytesMerged)} of data{zeroes} from {Quoted(plan.Path)} into {Quoted(plan.BackingFilePath)}{then}.";
    }

    /// <summary>The result of a merge.</summary>
    public static string Merged(QedMergeResult result) =>
        $"{Printable(result.Path)}: {ByteSize.FormatExact(result.BytesMerged)} of data merged into {Quoted(result.BackingFilePath)}; "
        + $"the overlay {(result.IsEmptied ? "is now empty" : "is unchanged")}.";

    /// <summary>The shrinking of an image's file.</summary>
    /// <param name="info">The image.</param>
    /// <param name="plan">What is known of what would be freed.</param>
    /// <param name="againstBackingFile">Whether clusters that read the same in the backing file are freed as well.</param>
    public static string OptimizeAction(QedImageInfo info, ImageOptimizationPlan plan, bool againstBackingFile)
    {
        string which = againstBackingFile ? "leaked, contain only zeroes or match the backing file" : "leaked or contain only zeroes";
        string action = $"Free the clusters of {Quoted(info.Path)} that are {which}";
        if (plan is not { FileSizeBefore: { } before, FileSizeAfter: { } after, ZeroedClusters: { } zeroed, DroppedClusters: { } dropped })
        {
            return $"{action}, and shrink the file of {ByteSize.Format(info.FileSize)} accordingly.";
        }

        string matching = againstBackingFile ? $", {dropped} that match" : string.Empty;
        return $"{action} ({plan.Check.LeakedClusters} leaked, {zeroed} of zeroes{matching}), and shrink the file of {ByteSize.Format(before)} "
            + $"to {ByteSize.Format(after)}: by {Bytes(before - after)}.";
    }

    /// <summary>By how much a file shrank.</summary>
    public static string Optimized(QedOptimizeResult result) =>
        $"{Printable(result.Path)}: {ByteSize.Format(result.FileSizeBefore)} before, {ByteSize.Format(result.FileSizeAfter)} now.";

    /// <summary>An image that needs no repair.</summary>
    public static string NothingToRepair(string path) => $"{Printable(path)}: nothing to repair.";

    /// <summary>The repair of an image.</summary>
    public static string RepairAction(string path, long repairs, bool saves, bool frees) =>
        $"Make {Count(repairs, "repair")} in {Quoted(path)}{(saves ? ", and save a backup so that the repair can be undone" : string.Empty)}{(saves && frees ? ", except for what is in the freed clusters" : string.Empty)}.";

    /// <summary>A single repair, planned or done.</summary>
    public static string Repair(string path, QedRepair repair) => $"{Printable(path)}: {repair.Description}";

    /// <summary>What a repair cannot bring back.</summary>
    public static string LostByRepair(string path, long bytes) =>
        $"{ByteSize.FormatExact(bytes)} of the disk in {Quoted(path)} cannot be found, as table entries point nowhere or the file is cut short. After the repair they read from the backing file, or as zeroes. To keep the damage visible, convert the image with Convert-QedImage -Salvage instead, which lists what is lost.";

    /// <summary>How many planned repairs are not listed.</summary>
    public static string FurtherRepairs(string path, long count) => $"{Printable(path)}: {Count(count, "further repair")}.";

    /// <summary>How much disk space a repair needs.</summary>
    public static string RepairSpace(string path, long bytes) => $"{Printable(path)}: The repair needs up to {ByteSize.FormatExact(bytes)} of disk space.";

    /// <summary>How to undo a repair.</summary>
    public static string HowToUndoRepair(string path, string backupPath) =>
        $"{Printable(path)}: to undo the repair, use Repair-QedImage -RestoreFrom {Quoted(backupPath)}.";

    /// <summary>The undoing of a repair.</summary>
    public static string RestoreAction(string path, string backupPath) => $"Undo the repair of {Quoted(path)} with the backup {Quoted(backupPath)}.";

    /// <summary>A repair that was undone.</summary>
    public static string Restored(string path, string backupPath) => $"{Printable(path)}: repair undone with the backup {Quoted(backupPath)}.";

    /// <summary>A change of the disk's size.</summary>
    public static string ResizeAction(string path, ImageResizePlan plan)
    {
        if (plan.NewSize == plan.OldSize)
        {
            return $"Leave the disk {Quoted(path)} at {ByteSize.Format(plan.NewSize)}.";
        }

        string sizes = $"the disk {Quoted(path)} from {ByteSize.Format(plan.OldSize)} to {ByteSize.Format(plan.NewSize)}";
        if (plan.NewSize > plan.OldSize)
        {
            string room = plan is { FreeBytes: { } free, LastPartition: { } last } ? $", which leaves {ByteSize.Format(free)} free behind the last partition, {last}" : string.Empty;
            return $"Grow {sizes}{room}.";
        }

        string cut = plan.CutPartitions.Count == 0 ? string.Empty : $", cutting off a part of {Partitions(plan.CutPartitions)}";
        return $"Shrink {sizes}, and discard {ByteSize.FormatExact(plan.DiscardedBytes)} of stored data{cut}.";
    }

    /// <summary>A backup of the partition table that will not be where it belongs, and what to do about it; shown before the change, and instead of it.</summary>
    public static string BackupTableMisplaced(string path, ImageResizePlan plan)
    {
        (string state, string verb) = plan.CutsOffBackupTable ? ("will be cut off", "Write it again")
            : plan.NewSize > plan.OldSize ? ("will not be at the end of the disk any more, so the new room cannot be used at first", "Move it there")
            : ("will still not be at the end of the disk", "Move it there");
        return $"The backup of the partition table (GPT) of {Quoted(path)} {state}. {verb} afterwards in the virtual machine, on Linux with 'sgdisk -e' and the name of the disk, or with another partitioning program, which will offer it.";
    }

    /// <summary>The object from the pipeline named the backing file that the image already has.</summary>
    public static string KeepsBackingFile(string path, string? name) =>
        $"{Quoted(path)} keeps its backing file {Quoted(name)}, which the piped object names as well. To set a different one, use -BackingFile.";

    /// <summary>The new size of a disk.</summary>
    public static string Resized(QedImageInfo info) => $"{Printable(info.Path)}: the virtual size is now {ByteSize.FormatExact(info.VirtualSize)}.";

    /// <summary>Where a server listens that takes over the socket that the process was started with.</summary>
    public const string InheritedSocket = "the socket that this process was started with";

    /// <summary>A Unix socket and a TCP port were given.</summary>
    public const string SocketAndPort = "-SocketPath cannot be used with -Address or -Port, because a server listens on a Unix socket or on a TCP port. Omit -SocketPath, or the other two; two servers can serve the same disk for reading.";

    /// <summary>What -WhatIf and -Confirm say about serving a disk.</summary>
    public static string ServeAction(QedNbdExport export, string place) =>
        $"Serve {Quoted(export.Path)}, a disk of {ByteSize.FormatExact(export.Size)}, as {Quoted(export.Name)} on {PrintableText.Of(place)}, {(export.IsTemporary ? "writable until the server ends" : export.IsReadOnly ? "for reading" : "for reading and writing")}.";

    /// <summary>What -WhatIf and -Confirm say about stopping a server.</summary>
    public static string StopAction(QedNbdServer server) =>
        $"Stop the server at {Quoted(server.Uri)}, which has {server.Clients} {(server.Clients == 1 ? "client" : "clients")}.";

    /// <summary>A server that other computers reach without a password, a certificate or encryption.</summary>
    public static string ServesUnprotected(string address, bool isWritable) =>
        $"Everyone who can reach {Quoted(address)} over the network can read {(isWritable ? "and change " : string.Empty)}these disks, and the data travels unencrypted. Use -Certificate with -RequireClientCertificate, or a firewall.";

    /// <summary>The tooltip of a server.</summary>
    public static string ServerTip(QedNbdServer server) => PrintableText.Of($"{server.State}, {string.Join(", ", server.Exports)}");

    private static string Source(string path, int? partition) =>
        partition is null or QedPartition.WholeDisk ? Quoted(path) : string.Format(CultureInfo.InvariantCulture, "partition {0} of {1}", partition, Quoted(path));

    private static string Quoted(string? name) => $"'{PrintableText.Of(name)}'";

    private static string Printable(string path) => PrintableText.Of(path);

    private static string Partitions(IReadOnlyList<QedPartition> partitions)
    {
        string names = string.Join(", ", partitions.Take(MaxPartitionsNamed));
        string more = partitions.Count > MaxPartitionsNamed ? $" and {partitions.Count - MaxPartitionsNamed} more" : string.Empty;
        return $"{(partitions.Count == 1 ? "partition" : "partitions")} {names}{more}";
    }

    private static string OverlaySuffix(string? backingFile) => backingFile is null ? string.Empty : $" as an overlay of {Quoted(backingFile)}";

    private static string Bytes(long count) => Count(count, "byte");

    private static string Count(long count, string one, string? many = null) =>
        string.Format(CultureInfo.CurrentCulture, "{0} {1}", count, count == 1 ? one : many ?? one + "s");
}
